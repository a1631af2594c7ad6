/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest of apic_guest.h: loaded at APIC_CODE, started with all segments 0
 * and ecx 1 where it has a local APIC.
 */
#include "apic_guest.h"
#include "guest_abi.h"

#define X2APIC_EOI	0x80b
#define X2APIC_SPIV	0x80f

	.section .rodata
	.globl	apic_code, apic_code_end, apic_code_table, apic_code_table_end
	.balign	16
	.code16
apic_code:
	movl	%ecx, %esi
	testl	%esi, %esi
	jz	1f
	movl	$X2APIC_SPIV, %ecx
	movl	$0x1ff, %eax
	xorl	%edx, %edx
	wrmsr
1:	sti
	hlt
	jmp	1b

/* In eax the vector. */
counted:
	lock incl APIC_COUNTS(, %eax, 4)
	jmp	done
reported:
	lock incl APIC_COUNTS(, %eax, 4)
	outl	%eax, $GUEST_PORT_SUM
done:
	testl	%esi, %esi
	jz	2f
	cmpl	$2, %eax
	je	2f
	movl	$X2APIC_EOI, %ecx
	xorl	%eax, %eax
	xorl	%edx, %edx
	wrmsr
2:	popal
	iret

	.macro	handler vector, to
handler_\@:
	pushal
	movl	$\vector, %eax
	jmp	\to
	.pushsection .rodata.apic_table, "a"
	.word	\vector, handler_\@ - apic_code
	.popsection
	.endm

	.pushsection .rodata.apic_table, "a"
apic_code_table:
	.popsection
	handler 2, reported
	handler APIC_COUNTED, counted
	handler APIC_COUNTED + 1, counted
	handler APIC_COUNTED + 2, counted
	handler APIC_COUNTED + 3, counted
	handler APIC_REPORTED, reported
	handler APIC_REPORTED + 1, reported
	handler APIC_REPORTED + 2, reported
	handler APIC_REPORTED + 3, reported
	handler APIC_REPORTED + 4, reported
	.pushsection .rodata.apic_table, "a"
apic_code_table_end:
	.popsection
apic_code_end:

	.section .note.GNU-stack, "", @progbits
