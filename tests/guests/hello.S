/* SPDX-License-Identifier: GPL-2.0 */
/* Guest: a flat binary that says hello in real mode, wherever it is loaded. */
	.code16
	.globl	_start
_start:
	call	1f
1:	popw	%si
	movw	%cs, %ax
	movw	%ax, %ds
	leaw	text - 1b(%si), %si
	movw	$0x3f8, %dx
	movw	$text_end - text, %cx
	cld
	rep outsb
	xorl	%eax, %eax
	outl	%eax, $0xf4
2:	hlt
	jmp	2b

text:
	.ascii	"hello from real mode\n"
text_end:
	.section .note.GNU-stack, "", @progbits
