/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A guest for flat 32-bit protected mode without paging that writes to every
 * page of a range, round after round, for ever.
 *
 *	esi	first address, page aligned
 *	edi	end
 *	ebx	offset within each page, below 4096
 *	ebp	a round counter, written to each page
 */
	.section .rodata
	.code32
	.globl	hammer_code, hammer_code_end
hammer_code:
	incl	%ebp
	movl	%esi, %eax
1:	movl	%ebp, (%eax,%ebx)
	/* Read it back: a page that is no RAM would exit once more. */
	cmpl	%ebp, (%eax,%ebx)
	jne	2f
	addl	$0x1000, %eax
	cmpl	%edi, %eax
	jb	1b
	jmp	hammer_code
	/* Another value: tell which address, by a port that means trouble. */
2:	outl	%eax, $0x99
	jmp	2b
hammer_code_end:
	.section .note.GNU-stack, "", @progbits
