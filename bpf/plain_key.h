/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* plain_key.h - what the program on the plain tracepoint and the daemon share. */
#ifndef EXITLEDGER_PLAIN_KEY_H
#define EXITLEDGER_PLAIN_KEY_H

#include <linux/types.h>

/* As kvm:kvm_exit prints them: `isa` is KVM's number of the instruction set, `reason` the vendor module's of the exit.
 */
struct el_plain_key {
	__u32 isa;
	__u32 reason;
};

#define EL_PLAIN_ROWS 1024 /* kinds of exits with a count of their own */

#endif
