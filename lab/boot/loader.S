/* SPDX-License-Identifier: MIT */
/*
 * Boot loader of the Bochs host, as an option ROM: the BIOS calls it after it
 * has set up its tables, and it never returns. It copies the chunks named in
 * the disk's first sector to their places in memory and enters the kernel by
 * its PVH entry point. GRUB and the kernel's own decompressor took half of the
 * boot; a plain copy takes a second.
 *
 * labhost/bootdisk.py writes that first sector and must agree with HDR_*.
 */
	.set	ROM_BASE,	0xd0000
	.set	HDR,		0x8000		/* where the first sector goes */
	.set	HDR_MAGIC,	HDR + 0
	.set	HDR_ENTRY,	HDR + 4
	.set	HDR_START_INFO,	HDR + 8
	.set	HDR_CHUNKS,	HDR + 12
	.set	HDR_CHUNK,	HDR + 16	/* {lba, sectors, address}… */
	.set	MAGIC,		0x4c4c4231
	.set	MEMMAP,		0x7000		/* struct hvm_memmap_table_entry[] */
	.set	SI_MEMMAP,	40		/* offsets in struct hvm_start_info */
	.set	SI_MEMMAP_COUNT, 48
	.set	ATA,		0x1f0
	.set	ATA_CONTROL,	0x3f6
	.set	MULTIPLE,	16

	.code16
	.section .text
	.globl	_start
_start:
	.byte	0x55, 0xaa
	.byte	(rom_end - _start) / 512
	jmp	1f
1:	cli
	cld
	xorw	%ax, %ax
	movw	%ax, %ds
	movw	%ax, %es

	/* E820 entries of 20 bytes, laid 24 apart, are the PVH memory map. */
	xorl	%ebx, %ebx
	movl	$MEMMAP, %edi
2:	movl	$0xe820, %eax
	movl	$20, %ecx
	movl	$0x534d4150, %edx
	int	$0x15
	jc	3f
	addl	$24, %edi
	testl	%ebx, %ebx
	jnz	2b
3:	cli
	movb	$0x92, %dl		/* A20 */
	xorb	%dh, %dh
	inb	%dx, %al
	orb	$2, %al
	outb	%al, %dx
	lgdtl	%cs:(gdt_pointer - _start)
	movl	%cr0, %eax
	orb	$1, %al
	movl	%eax, %cr0
	ljmpl	$0x08, $protected

	.code32
protected:
	movw	$0x10, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movl	$0x6f00, %esp
	pushl	%edi			/* end of the memory map */

	movw	$ATA_CONTROL, %dx
	movb	$2, %al			/* no interrupts: polled */
	outb	%al, %dx
	call	ata_ready
	movw	$ATA + 6, %dx
	movb	$0xe0, %al
	outb	%al, %dx
	movw	$ATA + 2, %dx
	movb	$MULTIPLE, %al
	outb	%al, %dx
	movw	$ATA + 7, %dx
	movb	$0xc6, %al		/* SET MULTIPLE MODE */
	outb	%al, %dx
	call	ata_ready

	xorl	%eax, %eax
	movl	$1, %ecx
	movl	$HDR, %edi
	call	read_sectors
	cmpl	$MAGIC, HDR_MAGIC
	movl	$message_magic, %esi
	jne	fail

	movl	$HDR_CHUNK, %esi
	movl	HDR_CHUNKS, %ebp
4:	testl	%ebp, %ebp
	jz	5f
	movl	0(%esi), %eax
	movl	4(%esi), %ecx
	movl	8(%esi), %edi
	call	read_sectors
	addl	$12, %esi
	decl	%ebp
	jmp	4b

5:	popl	%eax
	subl	$MEMMAP, %eax
	xorl	%edx, %edx
	movl	$24, %ecx
	divl	%ecx
	movl	HDR_START_INFO, %ebx
	movl	$MEMMAP, SI_MEMMAP(%ebx)
	movl	%eax, SI_MEMMAP_COUNT(%ebx)
	movl	HDR_ENTRY, %eax
	jmp	*%eax

/* eax: first sector, ecx: sectors, edi: address. Keeps esi, ebp. */
read_sectors:
	pushl	%ebx
	movl	%eax, %ebx
6:	testl	%ecx, %ecx
	jz	9f
	pushl	%ecx
	cmpl	$128, %ecx
	jbe	7f
	movl	$128, %ecx
7:	call	ata_ready
	movw	$ATA + 2, %dx
	movb	%cl, %al
	outb	%al, %dx
	movl	%ebx, %eax
	incw	%dx
	outb	%al, %dx
	shrl	$8, %eax
	incw	%dx
	outb	%al, %dx
	shrl	$8, %eax
	incw	%dx
	outb	%al, %dx
	shrl	$8, %eax
	orb	$0xe0, %al
	incw	%dx
	outb	%al, %dx
	incw	%dx
	movb	$0xc4, %al		/* READ MULTIPLE */
	outb	%al, %dx
	pushl	%ecx
8:	pushl	%ecx
	call	ata_data
	cmpl	$MULTIPLE, %ecx
	jbe	10f
	movl	$MULTIPLE, %ecx
10:	shll	$7, %ecx
	movw	$ATA, %dx
	rep insl
	popl	%ecx
	subl	$MULTIPLE, %ecx
	ja	8b
	popl	%eax
	addl	%eax, %ebx
	popl	%ecx
	subl	%eax, %ecx
	jmp	6b
9:	popl	%ebx
	ret

ata_ready:
	movw	$ATA + 7, %dx
11:	inb	%dx, %al
	testb	$0x80, %al
	jnz	11b
	testb	$0x01, %al
	jnz	ata_failed
	ret

ata_data:
	movw	$ATA + 7, %dx
12:	inb	%dx, %al
	testb	$0x80, %al
	jnz	12b
	testb	$0x01, %al
	jnz	ata_failed
	testb	$0x08, %al
	jz	12b
	ret

ata_failed:
	movl	$message_disk, %esi
fail:	movw	$0x3f8, %dx		/* the console; nothing set its speed, the emulator does not mind */
13:	lodsb
	testb	%al, %al
	jz	14f
	outb	%al, %dx
	movl	$1000000, %ecx
	loop	.
	jmp	13b
14:	hlt
	jmp	14b

message_magic:
	.asciz	"BUG: lab loader: the boot disk has no chunk table\n"
message_disk:
	.asciz	"BUG: lab loader: the boot disk cannot be read\n"

	.balign	8, 0
gdt:	.quad	0
	.quad	0x00cf9b000000ffff	/* flat code; accessed already set: this is ROM */
	.quad	0x00cf93000000ffff	/* flat data */
gdt_pointer:
	.word	. - gdt - 1
	.long	gdt
	.balign	512, 0
rom_end:
