# SPDX-License-Identifier: MIT
"""Single faults made from a model, and what diagnose makes of them: ./run bench truth."""
