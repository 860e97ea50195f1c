# SPDX-License-Identifier: GPL-2.0-or-later
# The habitual targets; meson and ninja do the work.
BUILD = build
-include config.mk

NINJA = ninja -C $(BUILD)
TEST = meson test -C $(BUILD) --no-rebuild --print-errorlogs
SOURCES = $(shell git ls-files '*.c' '*.h')

.PHONY: all check check-unit check-qtest check-guest check-gdb check-boot check-boot-all check-replay check-programs \
        check-hostile check-journal-all check-topology-all check-cpu-long check-hostfail fuzz fuzz-smoke fuzz-night fuzz-proof soak mutate coverage-vtd bench format check-format install clean distclean help

all: $(BUILD)/build.ninja
	$(NINJA)

$(BUILD)/build.ninja:
	./configure --build=$(BUILD)

check: all
	$(TEST)

check-unit: all
	$(TEST) --suite unit

check-qtest: all
	$(TEST) --suite qtest

check-guest: all
	$(TEST) --suite guest

check-gdb: all
	scripts/fetch-guests $(BUILD)/guests cloud busybox
	$(TEST) --suite gdb

check-boot: all
	scripts/fetch-guests $(BUILD)/guests cloud generic headers dmatest 686-pae xen xen-tools memtest ipxe busybox
	$(TEST) --suite boot

check-boot-all: all
	scripts/fetch-guests $(BUILD)/guests cloud generic headers dmatest 686 686-pae xen xen-tools memtest ipxe busybox
	$(TEST) --setup long --suite boot --suite boot-long

# Another compiler's program, without optimisation: its runs have to be the same.
OTHER = build-other
OTHER_CC = $(if $(shell command -v clang),clang,cc)
$(OTHER)/build.ninja:
	CC=$(OTHER_CC) meson setup $(OTHER) --buildtype=debug

# RUNS= of each tier and number of vCPUs, EVERY= instructions a hash.
check-replay: all $(OTHER)/build.ninja
	scripts/fetch-guests $(BUILD)/guests cloud busybox
	ninja -C $(OTHER) qemu-system-x86_64
	@[ $(OTHER_CC) = clang ] || echo 'clang is not installed: both programs are of one compiler'
	tests/boot/replay-test.py --qemu $(BUILD)/qemu-system-x86_64 --guests $(BUILD)/guests \
	    --also $(OTHER)/qemu-system-x86_64 --runs $(or $(RUNS),3) --every $(or $(EVERY),1000000)
	tests/boot/snapshot-test.py --qemu $(BUILD)/qemu-system-x86_64 --guests $(BUILD)/guests \
	    --count $(or $(COUNT),250) --pause 0.1

check-programs: all
	scripts/fetch-guests $(BUILD)/guests cloud busybox tools python rt gcc
	$(TEST) --suite programs

# RUNS= generated runs of the journal against its model; check-unit does some seconds of them.
check-journal-all: all
	$(BUILD)/tests/unit/test-journal-model --runs $(or $(RUNS),100000) $(if $(SEED),--seed $(SEED))

# RUNS= random machines against the model of who is under which unit; check-unit does some of them.
check-topology-all: all
	$(BUILD)/tests/unit/test-topology --runs $(or $(RUNS),100000) $(if $(SEED),--seed $(SEED))

# Each of the first 10,000 calls of a run that the host can fail; check has a sample of 200.
check-hostfail: all
	tests/hostfail/hostfail.py --qemu $(BUILD)/qemu-system-x86_64 --library $(BUILD)/tests/hostfail/libfail.so --all

# LINES= that nobody should send to each of QMP, HMP, qtest and gdb; check has some hundred.
check-hostile: all
	tests/clients/hostile-lines.py --qemu $(BUILD)/qemu-system-x86_64 --lines $(or $(LINES),10000) $(if $(SEED),--seed $(SEED))

# Under sanitizers: some thousand inputs of each target, from a seed.
fuzz-smoke:
	./configure --build=$(BUILD)-sanitized --enable-sanitizers
	ninja -C $(BUILD)-sanitized
	meson test -C $(BUILD)-sanitized --no-rebuild --print-errorlogs --suite fuzz

# By coverage, with libFuzzer: TARGET= for TIME= seconds; all of them in turn, with a report at the end.
fuzz:
	scripts/fuzz --build $(BUILD)-fuzz --seconds $(or $(TIME),60) $(TARGET)

fuzz-night:
	scripts/fuzz --build $(BUILD)-fuzz --seconds $(or $(TIME),600)

# FAULTS= names of rows; all of them take an hour.
fuzz-proof:
	tests/fuzz/proof.py --folder $(BUILD)/proof $(FAULTS)

# Hours: COUNT= generated programs, BOOTS= boots of each kernel on each tier, JOBS= at a time.
check-cpu-long: all
	scripts/fetch-guests $(BUILD)/guests cloud generic busybox tools python rt gcc
	tests/cpu-long --build $(BUILD) $(if $(COUNT),--count $(COUNT)) $(if $(BOOTS),--boots $(BOOTS)) \
	    $(if $(JOBS),--jobs $(JOBS)) $(if $(SEED),--seed $(SEED))

# Half an hour of everything at once, unless MINUTES= says otherwise.
soak: all
	scripts/fetch-guests $(BUILD)/guests
	tests/boot/soak-test.py --qemu $(BUILD)/qemu-system-x86_64 --guests $(BUILD)/guests \
	    --seconds $$((60 * $(or $(MINUTES),30)))

# MUTANTS= names or patterns of rows; ALL=1 runs every unit test and qtest on what lives.
mutate:
	tests/mutate/mutate.py --build $(BUILD) $(if $(ALL),--all) $(MUTANTS)

coverage-vtd:
	tests/qtest/vtd-coverage.py --measure --build $(BUILD)

bench: all
	bench/all --build $(BUILD)
	$(BUILD)/bench/vtd-bench

format:
	clang-format -i $(SOURCES)

check-format:
	clang-format --dry-run -Werror $(SOURCES)
	scripts/check-source
	scripts/check-names

install: all
	meson install -C $(BUILD)

clean:
	$(NINJA) clean

distclean:
	rm -rf $(BUILD) config.mk

help:
	@echo 'make               build qemu-system-x86_64 in $(BUILD)/'
	@echo 'make check         every test of this build'
	@echo 'make check-unit    codecs, core parts, the CPU against the host CPU'
	@echo 'make check-qtest   guest-visible register sequences, without a CPU'
	@echo 'make check-guest   small bare-metal guests of our own'
	@echo 'make check-gdb     the gdb server, with a client of its own and with gdb'
	@echo 'make check-boot    real kernels to user space (fetches them first)'
	@echo 'make check-replay  the same runs again, on both tiers: an hour'
	@echo 'make check-boot-all  those, and what takes longest'
	@echo 'make check-journal-all  100,000 generated runs of the interrupts journal against its model'
	@echo 'make check-topology-all  100,000 random machines, their bridges and units, against a model'
	@echo 'make check-hostfail  each call that the host can fail does'
	@echo 'make check-hostile  10,000 lines that nobody should send to each monitor'
	@echo 'make check-programs  OpenSSL, compilers, Python with known results, in a guest'
	@echo 'make check-cpu-long  ten million generated programs, 50 boots a kernel and tier'
	@echo 'make soak          half an hour of disk, moved interrupts, CPUs off and on, sleeps'
	@echo 'make mutate        change the code in small ways; do the tests notice?'
	@echo 'make fuzz-proof    put faults into the code; does fuzzing find them?'
	@echo 'make coverage-vtd  measure which test notices which part of the VT-d unit'
	@echo 'make bench         a table of times beside the QEMU on this machine'
	@echo 'make format        lay the code out; make check-format only looks'
	@echo 'make install       into the prefix given to ./configure'
	@echo 'make clean         remove what was built; make distclean all of it'
	@echo './configure --help shows what can be chosen (compiler, sanitizers)'
