"""Nonlinear least squares, one curve or ten thousand; intervals; the only module that speaks to lmfit."""

from .engine import Fit, fit
from .likelihood import intervals
from .model import Model
from .shared import Constrained, fit_constrained, fit_shared, joined

__all__ = ["Constrained", "Fit", "Model", "fit", "fit_constrained", "fit_shared", "intervals", "joined"]
