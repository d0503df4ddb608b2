# SPDX-License-Identifier: MIT
"""`lab faults`: faults that must be caught, run in lab hosts and evaluated."""
