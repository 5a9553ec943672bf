"""The chart of a host: the time of Sansock in relation to the best other engine, in each cell."""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape

from cells import Cell
from results import Results

ROW, BAR, LABELS, PLOT, MARGIN = 18, 12, 330, 420, 60


def draw(results: Results) -> str:
    """Bars of the ratios, on a logarithmic scale around 1: to the left ours takes less, to the right more."""
    entries = [(cell, ratio) for cell, row in results.rows if (ratio := results.ratio(row)) is not None]
    reach = max(2, *(math.ceil(abs(math.log2(ratio))) for _, ratio in entries))
    groups = list(dict.fromkeys(cell.group for cell, _ in entries))
    height = 50 + ROW * (len(entries) + len(groups)) + 20
    width = LABELS + PLOT + MARGIN
    middle, step = LABELS + PLOT / 2, PLOT / 2 / reach
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"',
        'role="img" font-family="system-ui, sans-serif" font-size="12">',
        "<title>Sansock in relation to the best other engine: less is better</title>",
        "<style>",
        "text{fill:#1f2328}.quiet{fill:#59636e}.grid{stroke:#d1d9e0}.one{stroke:#59636e}",
        ".less{fill:#1a7f37}.more{fill:#bc4c00}",
        "@media(prefers-color-scheme:dark){",
        "text{fill:#f0f6fc}.quiet{fill:#9198a1}.grid{stroke:#3d444d}.one{stroke:#9198a1}",
        ".less{fill:#3fb950}.more{fill:#f0883e}}",
        "</style>",
    ]
    for power in range(-reach, reach + 1):
        x = middle + power * step
        label = f"{2**power}" if power >= 0 else f"1/{2**-power}"
        parts.append(f'<text class="quiet" x="{x:.1f}" y="32" text-anchor="middle">{label}</text>')
        style = "one" if power == 0 else "grid"
        parts.append(f'<line class="{style}" x1="{x:.1f}" y1="38" x2="{x:.1f}" y2="{height - 12}"/>')
    parts.append(
        f'<text class="quiet" x="{middle:.1f}" y="14" text-anchor="middle">ours / best other: less is better</text>'
    )
    y = 50
    for group in groups:
        parts.append(f'<text x="8" y="{y + BAR - 2}" font-weight="600">{escape(group)}</text>')
        y += ROW
        for cell, ratio in entries:
            if cell.group == group:
                parts.extend(bar(cell, ratio, y, middle, step))
                y += ROW
    return "\n".join([*parts, "</svg>"]) + "\n"


def bar(cell: Cell, ratio: float, y: int, middle: float, step: float) -> Iterator[str]:
    """One bar with its label and its number."""
    length = math.log2(ratio) * step
    start = middle + min(0.0, length)
    style = "less" if ratio <= 1 else "more"
    text, anchor = (middle + length - 4, "end") if ratio <= 1 else (middle + length + 4, "start")
    yield f'<text x="20" y="{y + BAR - 2}">{escape(cell.label)}</text>'
    yield f'<rect class="{style}" x="{start:.1f}" y="{y}" width="{abs(length):.1f}" height="{BAR}"/>'
    yield f'<text class="quiet" x="{text:.1f}" y="{y + BAR - 2}" text-anchor="{anchor}">{ratio:.2f}</text>'
