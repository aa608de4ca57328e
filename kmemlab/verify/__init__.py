"""`kmemlab verify`: the engine against what real kernels did, row by row."""

from .walk import Checked, Mismatch, verify

__all__ = ["Checked", "Mismatch", "verify"]
