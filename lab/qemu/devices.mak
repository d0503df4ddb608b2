# SPDX-License-Identifier: MIT
# What the AMD host is made of (lab/labhost/qemu.py); everything else is left out, which makes the build three times shorter.
CONFIG_I440FX=y
CONFIG_PCI=y
CONFIG_SERIAL_ISA=y
CONFIG_IDE_PIIX=y
CONFIG_VIRTIO_PCI=y
CONFIG_VIRTIO_NET=y
