"""Kind slub-geometry: sizes, orders and objects per slab, as `calculate_sizes` of real kernels gave them."""

from __future__ import annotations

from pathlib import Path

from ..engine.geometry import OrderLimits, calculate_sizes
from ..recordings import number, read_rows
from .walk import Checked

COLUMNS = ["kernel", "build", "min_order", "max_order", "min_objects", "size", "flags_hex", "align", "ctor", "s_size"]
COMPARED = {
    "s_size": "size", "objsize": "objsize", "offset": "offset", "inuse": "inuse",
    "eff_align": "align", "order": "order", "objects": "objects",
}  # fmt: skip
ERAS = ("2.6.22", "2.6.23", "2.6.24")


def check(path: Path, checked: Checked) -> Checked:
    """Compute every row again. `s_size` is "fail" where creation failed."""
    with checked:
        for line, row in read_rows(path, COLUMNS):
            checked.kernel = row["kernel"]
            if row["kernel"] not in ERAS:
                return checked.skip(f"SLUB of {row['kernel']} is not modelled")

            def at(column: str, line: int = line, row: dict[str, str] = row) -> int:
                return number(path, line, column, row[column])

            limits = OrderLimits(at("min_order"), at("max_order"), at("min_objects"))
            made = calculate_sizes(at("size"), at("flags_hex"), at("align"), bool(at("ctor")), limits, row["build"] == "debug")
            if row["s_size"] == "fail" or made.objects == 0:
                outcome = "fail" if made.objects == 0 else str(made.size)
                checked.count(checked.compare(line, "s_size", row["s_size"], outcome))
                continue
            good = all(
                checked.compare(line, column, row[column], str(getattr(made, attribute)))
                for column, attribute in COMPARED.items()
                if column in row
            )
            checked.count(good)
    return checked
