/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guests of guest.h: real mode, loaded at GUEST_CODE with cs 0, started
 * at one of the entries with the other segments 0 too. None needs a stack.
 */
#include "guest_abi.h"

	.section .rodata
	.globl	guest_code, guest_code_end
	.globl	guest_sum, guest_count, guest_halt, guest_ports
	.globl	guest_touch, guest_outs, guest_ins
	.balign	16
	.code16
guest_code:

/*
 * ecx rounds: a number from GUEST_PORT_NUMBER and one from GUEST_MMIO are
 * added to edx and the sum is written to RAM, to GUEST_PORT_SUM and to
 * GUEST_MMIO + 4. Ends with the sum.
 */
guest_sum:
	movw	$(GUEST_MMIO >> 4), %ax
	movw	%ax, %ds
	xorl	%edx, %edx
	xorl	%eax, %eax
1:	inw	$GUEST_PORT_NUMBER, %ax
	addl	%eax, %edx
	addl	%ds:0, %edx
	movl	%edx, %es:GUEST_DATA
	movl	%es:GUEST_DATA, %eax
	outl	%eax, $GUEST_PORT_SUM
	movl	%eax, %ds:4
	xorl	%eax, %eax
	decl	%ecx
	jnz	1b
	movl	%edx, %eax
guest_end:
	outl	%eax, $GUEST_PORT_END
	jmp	guest_end

/* Counts in RAM, for ever and without an exit. */
guest_count:
1:	incl	%es:GUEST_DATA
	jmp	1b

/* Halts for ever, with interrupts off. */
guest_halt:
	cli
1:	hlt
	jmp	1b

/* Writes edx to GUEST_PORT_SUM, and edx + 1, ..., for ever. */
guest_ports:
1:	movl	%edx, %eax
	outl	%eax, $GUEST_PORT_SUM
	incl	%edx
	jmp	1b

/*
 * Adds 1 to the first word of each page from GUEST_TOUCH on, to the end of
 * RAM, ecx times. Ends with 0.
 */
guest_touch:
1:	movw	$(GUEST_TOUCH >> 4), %bx
2:	movw	%bx, %ds
	incl	%ds:0
	addw	$(4096 >> 4), %bx
	cmpw	$(GUEST_RAM >> 4), %bx
	jb	2b
	decl	%ecx
	jnz	1b
	xorl	%eax, %eax
	jmp	guest_end

/* Writes GUEST_DATA_SIZE bytes at GUEST_DATA to GUEST_PORT_STRING. Ends. */
guest_outs:
	movw	$GUEST_DATA, %si
	movw	$GUEST_DATA_SIZE, %cx
	movw	$GUEST_PORT_STRING, %dx
	cld
	rep outsb
	xorl	%eax, %eax
	jmp	guest_end

/*
 * Reads GUEST_DATA_SIZE bytes from GUEST_PORT_STRING to GUEST_DATA. Ends with
 * their sum.
 */
guest_ins:
	movw	$GUEST_DATA, %di
	movw	$GUEST_DATA_SIZE, %cx
	movw	$GUEST_PORT_STRING, %dx
	cld
	rep insb
	movw	$GUEST_DATA, %si
	movw	$GUEST_DATA_SIZE, %cx
	xorl	%edx, %edx
1:	xorl	%eax, %eax
	lodsb
	addl	%eax, %edx
	decw	%cx
	jnz	1b
	movl	%edx, %eax
	jmp	guest_end

guest_code_end:
	.section .note.GNU-stack, "", @progbits
