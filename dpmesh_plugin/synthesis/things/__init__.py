"""Things by name: what stands, hangs or is carried in a scene."""

from .catalogue import BULKY, CARRIED, HANGING, STANDING, Builder

__all__ = ['BULKY', 'CARRIED', 'HANGING', 'STANDING', 'Builder']
