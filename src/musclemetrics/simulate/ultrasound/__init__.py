"""B-mode images with known truth, and the files a scanner or a colleague would send them in."""

from .dicom import Region, to_dicom
from .phantom import Layer, Phantom, bmode
from .pictures import to_png, to_tiff
from .samples import samples
from .tissue import Muscle, Sheet

__all__ = ["Layer", "Muscle", "Phantom", "Region", "Sheet", "bmode", "samples", "to_dicom", "to_png", "to_tiff"]
