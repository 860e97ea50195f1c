# SPDX-License-Identifier: GPL-2.0-or-later
"""What a kernel's log must not say, whatever the machine: that an interrupt or a DMA went wrong."""
import re

BAD = [r"DMAR:.*fault", r"AMD-Vi: Event logged", r"\blost\b", r"(?i)spurious interrupt", r"nobody cared", r"Kernel panic",
       r"BUG:", r"Call Trace", r"guest: FAIL", r"Invalidation Time-out", r"hung task",
       r"rcu.*stall", r"soft lockup"]
# For guests that are to take no interrupt by mistake.
BAD_COUNTS = r"guest: irq +(SPU|ERR|MIS):.*[1-9]"


def while_running(log):
    """The log to where the kernel turns off the other CPUs' local APICs: what comes after is lost."""
    return log.partition("reboot: Power down")[0]


def bad_lines(log, patterns=(*BAD, BAD_COUNTS), allows=()):
    """What is wrong with a run, a line each; lines that match one of `allows` are not."""
    wrong = []
    for pattern in patterns:
        for line in while_running(log).splitlines():
            # The rows of /proc/interrupts have words of their own, and patterns of their own.
            if line.startswith("guest: irq") and not pattern.startswith("guest: irq"):
                continue
            if re.search(pattern, line) and not any(re.search(a, line) for a in allows):
                wrong.append(f"bad line: {line.strip()}")
    return wrong
