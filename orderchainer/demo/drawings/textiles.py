"""Cushions, blankets, towels and rugs."""

from collections.abc import Sequence

from orderchainer.demo.drawings.canvas import (
    BRASS,
    CREAM,
    RUST,
    STAND,
    Canvas,
    Colour,
    dark,
    light,
    mixed,
)


def cushion(canvas: Canvas, cloth: Colour, *, stripes: Colour | None = None) -> None:
    canvas.shadow(50, STAND, 72)
    canvas.shape(
        dark(cloth, 0.2),
        (15, 27),
        (50, 31),
        (85, 27),
        (82, 55),
        (86, 85),
        (50, 82),
        (14, 85),
        (18, 55),
    )
    canvas.shape(
        cloth,
        (15, 25),
        (50, 29),
        (85, 25),
        (81, 54),
        (84, 81),
        (50, 78),
        (16, 81),
        (19, 54),
    )
    if stripes:
        for x in range(26, 80, 8):
            bend = (x - 50) * 0.05
            canvas.line(stripes, 2, (x + bend, 31), (x - bend, 54), (x + bend, 75))
    else:
        canvas.line(dark(cloth, 0.14), 1, (24, 34), (36, 43))
        canvas.line(dark(cloth, 0.14), 1, (76, 34), (64, 43))
        canvas.line(dark(cloth, 0.14), 1, (25, 74), (38, 66))
        canvas.line(dark(cloth, 0.14), 1, (75, 74), (62, 66))
    canvas.line(light(cloth, 0.24), 1.2, (19, 27.5), (50, 31), (81, 27.5))


def blanket(canvas: Canvas, cloth: Colour, *, stripes: Colour) -> None:
    canvas.shadow(50, STAND + 1, 82)
    for number in range(4):
        top = 38 + number * 11.6
        canvas.box(14, top, 86, top + 12, dark(cloth, 0.05 + number * 0.05), radius=5.4)
        canvas.box(
            14, top, 82, top + 9, mixed(cloth, dark(cloth), number * 0.2), radius=4.4
        )
        for x in (24, 31):
            canvas.box(x, top + 0.6, x + 3.6, top + 11, stripes)
    for x in range(16, 86, 4):
        canvas.line(light(cloth, 0.3), 1, (x, STAND), (x - 0.6, STAND + 5))


def towels(canvas: Canvas, cloths: Sequence[Colour]) -> None:
    canvas.line(BRASS, 2.2, (6, 22), (94, 22))
    for left, cloth, length in zip((16, 53), cloths, (84, 76), strict=True):
        canvas.box(left + 2, 24, left + 33, length + 2, dark(canvas.wall, 0.16))
        canvas.box(left, 20, left + 31, length, CREAM, radius=1.4)
        for x in (left + 5, left + 9, left + 25):
            canvas.box(x, 20, x + 1.8, length, cloth)
        for y in (length - 14, length - 10):
            canvas.box(left, y, left + 31, y + 1.8, mixed(cloth, CREAM, 0.2))
        canvas.box(left, 20, left + 31, 24, dark(CREAM, 0.08), radius=1.4)


def rug(canvas: Canvas, wool: Colour, *, pattern: Colour) -> None:
    for x in range(26, 76, 3):
        for top in (9, 87):
            canvas.line(wool, 0.9, (x, top), (x, top + 5))
    canvas.box(24, 13, 77, 89, dark(canvas.wall, 0.2))
    canvas.box(24, 12, 76, 88, wool)
    canvas.box(27, 15, 73, 85, pattern)
    canvas.box(29, 17, 71, 83, wool)
    for row in range(4):
        y = 26 + row * 16
        canvas.shape(pattern, (50, y - 7), (66, y), (50, y + 7), (34, y))
        canvas.shape(wool, (50, y - 4), (59, y), (50, y + 4), (41, y))
        canvas.shape(RUST, (50, y - 1.6), (53.6, y), (50, y + 1.6), (46.4, y))
