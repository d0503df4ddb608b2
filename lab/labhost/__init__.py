# SPDX-License-Identifier: MIT
"""The lab: emulated hosts on which the patched KVM can be tried."""
