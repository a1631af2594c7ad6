/* SPDX-License-Identifier: GPL-2.0 */
/* The guests of io_guest.h: loaded at IO_CODE, started with all segments 0. */
#include "guest_abi.h"
#include "io_guest.h"

	.section .rodata
	.globl	io_code, io_code_end
	.globl	io_sum, io_mmio_sum, io_string, io_post, io_post_wait, io_post_two, io_post_widths
	.globl	io_order_post, io_order_read
	.balign	16
	.code16
io_code:

	.macro	data_at address
	movw	$(\address >> 4), %ax
	movw	%ax, %ds
	.endm

	/* Count in eax what is posted. */
	.macro	begin_posts
	data_at	IO_MMIO_A
	xorl	%eax, %eax
	.endm

	.macro	post
	incl	%eax
	movl	%eax, %ds:0
	.endm

io_sum:
	xorl	%ebx, %ebx
	movw	$IO_PORT_A, %dx
1:	inl	%dx, %eax
	addl	%eax, %ebx
	decl	%ecx
	jnz	1b
	movl	%ebx, %eax
end:	outl	%eax, $GUEST_PORT_END
	jmp	end

io_mmio_sum:
	data_at	IO_MMIO_A
	xorl	%ebx, %ebx
1:	movl	%ds:8, %eax
	addl	%eax, %ebx
	movl	%ebx, %ds:12
	decl	%ecx
	jnz	1b
	movl	%ebx, %eax
	jmp	end

io_string:
	movw	$IO_PORT_A, %dx
	movw	$GUEST_DATA, %di
	movw	$16, %cx
	rep insb
	movw	$GUEST_DATA, %si
	movw	$16, %cx
	rep outsb
	movl	GUEST_DATA, %eax
	jmp	end

io_post:
	begin_posts
1:	post
	decl	%ecx
	jnz	1b
	jmp	end

io_post_wait:
	begin_posts
1:	post
2:	cmpl	%eax, %es:IO_FLAG
	jne	2b
	decl	%ecx
	jnz	1b
	jmp	end

/* Register 8 is what was written last. */
io_post_two:
	begin_posts
1:	post
	incl	%eax
	movl	%eax, %ds:16
	testb	$31, %cl
	jnz	2f
	movl	%ds:8, %ebx
	cmpl	%eax, %ebx
	jne	3f
2:	decl	%ecx
	jnz	1b
	jmp	end
3:	xorl	%eax, %eax
	jmp	end

/* The last lies only half in the range. */
io_post_widths:
	data_at	IO_MMIO_A
	movl	$0xccddeeff, %es:GUEST_DATA
	movl	$0x8899aabb, %es:GUEST_DATA + 4
	movq	%es:GUEST_DATA, %mm0
	movb	$0x11, %ds:0
	movw	$0x2233, %ds:2
	movl	$0x44556677, %ds:4
	movq	%mm0, %ds:8
	movl	$0x12345678, %ds:14
	emms
	movl	$1, %eax
	jmp	end

/*
 * Round n, of the vcpu that posts: n to device A, then IO_FLAG is n. The
 * other finds n there, and reads device B, which says what device A has got:
 * at least n.
 */
io_order_post:
	begin_posts
1:	post
	movl	%eax, %es:IO_FLAG
	cmpl	%ecx, %eax
	jne	1b
	jmp	end

io_order_read:
	data_at	IO_MMIO_B
1:	movl	%es:IO_FLAG, %ebx
	movl	%ds:0, %eax
	cmpl	%ebx, %eax
	jb	2f
	cmpl	%ecx, %ebx
	jne	1b
	xorl	%ebx, %ebx
2:	movl	%ebx, %eax
	jmp	end
io_code_end:

	.section .note.GNU-stack, "", @progbits
