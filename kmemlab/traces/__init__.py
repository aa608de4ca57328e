"""Traces of real kernels: read, and taken through the machine under the controller of 2007."""
