# SPDX-License-Identifier: MIT
"""The one exception that means: the lab failed, not the command in it."""


class LabError(Exception):
    """One line for the user; the lab exits with STATUS_LAB_FAILED."""


STATUS_TIMED_OUT = 124
STATUS_LAB_FAILED = 125
