/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Guest: a flat binary that sends back what the serial port receives, until
 * it is a "q": then status 7 << 1 | 1.
 */
	.code16
	.globl	_start
_start:
	movw	$0x3fd, %dx		/* line status */
	inb	%dx, %al
	testb	$1, %al
	jz	_start
	movw	$0x3f8, %dx
	inb	%dx, %al
	outb	%al, %dx
	cmpb	$'q', %al
	jne	_start
	movb	$7, %al
	outb	%al, $0xf4
1:	hlt
	jmp	1b
	.section .note.GNU-stack, "", @progbits
