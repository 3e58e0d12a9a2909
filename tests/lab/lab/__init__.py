# SPDX-License-Identifier: MIT
"""Two real Active Directory forests and a workstation on one machine."""
