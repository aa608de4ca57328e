"""All schedules of a few operations on the real engine: what RCU and the order of the controller's steps are for."""

from .at import At as At
from .explorer import Explored as Explored
from .explorer import explore as explore
from .explorer import reduced as reduced
from .scene import Scene as Scene
from .story import story as story
