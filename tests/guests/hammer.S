/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Guest: writes a pattern over a range of RAM, pass after pass, until told to
 * stop. A flat binary to be loaded at HAMMER_LOAD and started there in real
 * mode (cs 0). It needs no stack, so any number of vcpus may run it.
 *
 * ebx is the address of a block of 32-bit words for this vcpu:
 *
 *	0	start: first address to write
 *	4	end: the address after the last one
 *	8	stride: bytes from one written word to the next, not 0
 *	12	pass: the number of the last complete pass; set by the guest
 *	16	stop: not 0 ends the guest after the current pass
 *	20	value: added to what is written
 *
 * Pass p (1, 2, ...) writes value + p to each word. Stopping is a write of 0
 * to port 0xf4, status 1. With ebx 0 the block at HAMMER_LOAD + 8 is used.
 */
#define HAMMER_LOAD	0x1000

#define BLOCK_START	0
#define BLOCK_END	4
#define BLOCK_STRIDE	8
#define BLOCK_PASS	12
#define BLOCK_STOP	16
#define BLOCK_VALUE	20

	.code16
	.globl	_start
_start:
	jmp	enter
	.balign	8
block:
	.long	0x100000, 0x200000, 4096, 0, 0, 0

enter:
	cli
	xorw	%ax, %ax
	movw	%ax, %ds
	lgdtl	gdt_pointer - _start + HAMMER_LOAD
	movl	%cr0, %eax
	orb	$1, %al
	movl	%eax, %cr0
	ljmpl	$8, $(protected - _start + HAMMER_LOAD)

	.code32
protected:
	movw	$16, %ax
	movw	%ax, %ds
	movw	%ax, %es
	testl	%ebx, %ebx
	jnz	1f
	movl	$(block - _start + HAMMER_LOAD), %ebx
1:	xorl	%edx, %edx
pass:
	incl	%edx
	movl	BLOCK_VALUE(%ebx), %eax
	addl	%edx, %eax
	movl	BLOCK_START(%ebx), %edi
word:
	movl	%eax, (%edi)
	addl	BLOCK_STRIDE(%ebx), %edi
	cmpl	BLOCK_END(%ebx), %edi
	jb	word
	movl	%edx, BLOCK_PASS(%ebx)
	cmpl	$0, BLOCK_STOP(%ebx)
	je	pass
	xorl	%eax, %eax
	outl	%eax, $0xf4
	jmp	pass

	.balign	8
gdt:
	.quad	0
	.quad	0x00cf9b000000ffff
	.quad	0x00cf93000000ffff
gdt_pointer:
	.word	. - gdt - 1
	.long	gdt - _start + HAMMER_LOAD
	.section .note.GNU-stack, "", @progbits
