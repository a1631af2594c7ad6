/* SPDX-License-Identifier: GPL-2.0 */
/* The guest of device_guest.h: real mode, loaded at DEVICE_CODE, started with all segments 0. */
#include "device_guest.h"
#include "guest_abi.h"

	.section .rodata
	.globl	device_code, device_code_end
	.balign	16
	.code16
device_code:
	movw	$(DEVICE_MMIO >> 4), %ax
	movw	%ax, %ds
next:	movw	%es:DEVICE_ORDER, %cx
	movw	%es:DEVICE_ORDER + 2, %dx
	movl	%es:DEVICE_ORDER + 4, %eax
	movw	%dx, %bx
	testw	%cx, %cx
	jz	in8
	decw	%cx
	jz	out8
	decw	%cx
	jz	in16
	decw	%cx
	jz	out16
	decw	%cx
	jz	in32
	decw	%cx
	jz	out32
	decw	%cx
	jz	read32
	movl	%eax, %ds:(%bx)
	jmp	done
in8:	xorl	%eax, %eax
	inb	%dx, %al
	jmp	done
out8:	outb	%al, %dx
	jmp	done
in16:	xorl	%eax, %eax
	inw	%dx, %ax
	jmp	done
out16:	outw	%ax, %dx
	jmp	done
in32:	inl	%dx, %eax
	jmp	done
out32:	outl	%eax, %dx
	jmp	done
read32:	movl	%ds:(%bx), %eax
done:	outl	%eax, $GUEST_PORT_END
	jmp	next
device_code_end:

	.section .note.GNU-stack, "", @progbits
