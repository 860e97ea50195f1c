# SPDX-License-Identifier: GPL-2.0-or-later
# From an interrupt that got lost back to the instruction that spoiled its entry: docs/debugging.md.
# The machine runs under -icount and waits (-S); gdb has the guest's symbols and is connected.

# To the loss, whichever it will be; the machine says which.
monitor break-intr ending lost
continue
monitor info irte 5

# Who wrote the entry last? Going back stops before it.
watch -location table[5].low
reverse-continue
backtrace 2
print/x table[5]
x/i $pc

# Forward over it.
stepi
print/x table[5]
