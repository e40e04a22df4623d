"""Nonlinear least squares, one curve or ten thousand; intervals; the only module that speaks to lmfit."""

from .engine import Fit, fit
from .likelihood import intervals
from .model import Model

__all__ = ["Fit", "Model", "fit", "intervals"]
