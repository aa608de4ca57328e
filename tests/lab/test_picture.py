"""A picture in a cell: what it is asked for is checked before anything is drawn."""

from __future__ import annotations

import pytest

from kmemlab import Session
from kmemlab.lab import Picture
from kmemlab.lab.pictures import PICTURES


@pytest.fixture(scope="module")
def session() -> Session:
    session = Session(memory="1M")
    session.run("mount -t container -o kmem none /containers", "mkdir /containers/blue")
    return session


@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_has_a_figure_for_each_theme_and_a_twin(session: Session, name: str) -> None:
    drawn = Picture(session, name, selected="/blue")
    assert set(drawn.pictures) == {"light", "dark"}
    assert all("layout" in figure for figure in drawn.pictures.values())
    assert drawn.twin


def test_a_picture_or_a_container_that_is_not_there_is_refused(session: Session) -> None:
    with pytest.raises(ValueError, match="no picture 'pie': choose one of"):
        Picture(session, "pie")
    with pytest.raises(ValueError, match="no container '/red': choose one of /, /blue"):
        Picture(session, "tree", selected="/red")
