/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Start-up of the programs of gdb's own tests, as multiboot kernels: 64-bit
 * mode at CPL 0 with the first GiB mapped to itself, and a stack. main() is
 * called once suite_go is set, by gdb: until then the guest stands still, so
 * that breakpoints can be set before anything has happened.
 */
#define MAGIC		0x1badb002
#define FLAGS		0x10003		/* pages, memory, and the addresses below */

#define STACK_BYTES	0x100000

#define CODE64		0x08
#define DATA		0x10

#define CR0_PG		0x80000000
#define CR0_WANTED	0x00000003	/* PE MP */
#define CR0_UNWANTED	0x0000000c	/* EM TS */
#define CR4_WANTED	0x00000620	/* PAE OSFXSR OSXMMEXCPT */
#define MSR_EFER	0xc0000080
#define EFER_LME	0x100

#define PAGE_TABLE	0x003		/* present, writable */
#define PAGE_2M		0x083

	.section .multiboot, "a"
	.balign 4
header:
	.long	MAGIC
	.long	FLAGS
	.long	-(MAGIC + FLAGS)
	.long	header
	.long	image_start
	.long	image_end
	.long	bss_end
	.long	_start

	.text
	.code32
	.globl	_start
_start:
	cli
	cld
	movl	$directory, %edi
	movl	$PAGE_2M, %eax
	movl	$512, %ecx
1:	movl	%eax, (%edi)
	movl	$0, 4(%edi)
	addl	$0x200000, %eax
	addl	$8, %edi
	loop	1b
	movl	$directory + PAGE_TABLE, pointers
	movl	$pointers + PAGE_TABLE, root
	movl	$root, %eax
	movl	%eax, %cr3
	movl	%cr4, %eax
	orl	$CR4_WANTED, %eax
	movl	%eax, %cr4
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$EFER_LME, %eax
	wrmsr
	movl	%cr0, %eax
	andl	$~CR0_UNWANTED, %eax
	orl	$CR0_PG | CR0_WANTED, %eax
	movl	%eax, %cr0
	lgdt	gdt_pointer
	ljmp	$CODE64, $start64

	.code64
start64:
	movw	$DATA, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	xorl	%eax, %eax
	movw	%ax, %fs
	movw	%ax, %gs
	movq	$stack_end, %rsp
	xorl	%ebp, %ebp
	fninit
	call	suite_ready
1:	pause
	cmpl	$0, suite_go
	je	1b
	movl	$1, %edi
	movq	$arguments, %rsi
	movq	$arguments + 16, %rdx
	call	main
	movl	%eax, %edi
	call	exit

	.data
	.balign 8
gdt:
	.quad	0
	.quad	0x00af9b000000ffff
	.quad	0x00cf93000000ffff
gdt_pointer:
	.word	. - gdt - 1
	.long	gdt
	.balign 8
arguments:
	.quad	name, 0, 0
name:
	.asciz	"program"
	.balign 4
	.globl	suite_go
suite_go:
	.long	0

	.bss
	.balign 4096
directory:
	.skip	4096
pointers:
	.skip	4096
root:
	.skip	4096
	.skip	STACK_BYTES
stack_end:

	.section .note.GNU-stack, "", @progbits
