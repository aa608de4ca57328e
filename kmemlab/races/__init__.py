"""All schedules of a few operations on the real engine: what RCU and the order of the controller's steps are for."""

from .at import At as At
from .explorer import Explored as Explored
from .explorer import explore as explore
from .explorer import reduced as reduced
from .readers import after_readers as after_readers
from .readers import remove_later as remove_later
from .readers import tryget as tryget
from .scene import Scene as Scene
from .story import story as story
