"""What comes from the potter."""

from orderchainer.demo.drawings.canvas import (
    BEECH,
    BRASS,
    CLAY,
    CREAM,
    MOSS,
    MUSTARD,
    NIGHT,
    PINE,
    RUST,
    STAND,
    Canvas,
    Colour,
    Point,
    dark,
    light,
)


def mug(canvas: Canvas, glaze: Colour, *, inside: Colour, band: Colour) -> None:
    canvas.shadow(48, STAND + 1, 60)
    canvas.arc(73, 59, 26, 28, dark(glaze, 0.16), thick=5, start=270, end=450)
    canvas.box(24, 38, 74, STAND, dark(glaze, 0.1), radius=7)
    canvas.box(24, 38, 62, STAND, glaze, radius=7)
    canvas.box(24, 70, 74, 75, dark(band, 0.06))
    canvas.box(24, 70, 62, 75, band)
    canvas.box(29, 48, 32, 66, light(glaze, 0.4), radius=1.5)
    canvas.oval(49, 39, 50, 12, light(glaze, 0.2))
    canvas.oval(49, 39.6, 44, 9, inside)
    for x, lift in ((42, 0), (54, 5)):
        canvas.arc(
            x, 22 - lift, 7, 10, light(canvas.wall, 0.6), thick=1.6, start=90, end=270
        )
        canvas.arc(
            x, 13 - lift, 7, 10, light(canvas.wall, 0.6), thick=1.6, start=270, end=450
        )


def bowl(canvas: Canvas, glaze: Colour) -> None:
    canvas.shadow(50, STAND + 1, 50)
    canvas.box(38, 76, 62, STAND, dark(glaze, 0.3), radius=2)
    canvas.oval(50, 52, 76, 56, dark(glaze, 0.12))
    canvas.oval(46, 52, 66, 54, glaze)
    canvas.box(10, 20, 90, 52, canvas.wall)
    canvas.oval(50, 52, 76, 20, light(glaze, 0.34))
    canvas.oval(50, 53.4, 68, 15, dark(glaze, 0.2))
    canvas.oval(50, 55, 56, 9, CREAM)
    for x, y, colour in (
        (40, 54, RUST),
        (46, 56, NIGHT),
        (52, 54, RUST),
        (58, 56, NIGHT),
        (62, 54, RUST),
    ):
        canvas.oval(x, y, 4.2, 3, colour)


def plate(canvas: Canvas, glaze: Colour, *, rim: Colour) -> None:
    canvas.oval(52, 53, 76, 76, dark(canvas.wall, 0.2))
    canvas.oval(50, 50, 76, 76, rim)
    canvas.oval(50, 50, 71, 71, glaze)
    canvas.oval(50, 50, 48, 48, dark(glaze, 0.08))
    canvas.oval(50.6, 50.8, 46, 46, light(glaze, 0.3))
    for x, y in ((41, 40), (62, 44), (55, 60), (38, 57), (49, 49)):
        canvas.oval(x, y, 1.3, 1.3, dark(glaze, 0.3))


def teapot(canvas: Canvas, glaze: Colour) -> None:
    canvas.shadow(50, STAND + 1, 64)
    canvas.shape(dark(glaze, 0.1), (66, 62), (88, 40), (93, 43), (72, 76))
    canvas.arc(30, 58, 32, 30, dark(glaze, 0.16), thick=4.4, start=80, end=280)
    canvas.oval(50, 62, 56, 45, dark(glaze, 0.1))
    canvas.oval(47, 61, 48, 42, glaze)
    canvas.arc(47, 61, 36, 30, light(glaze, 0.4), thick=2, start=190, end=235)
    canvas.oval(50, 42.4, 28, 8, dark(glaze, 0.24))
    canvas.oval(50, 41, 26, 7, light(glaze, 0.16))
    canvas.oval(50, 36, 7, 7, BEECH)


def pitcher(canvas: Canvas, glaze: Colour) -> None:
    canvas.shadow(50, STAND + 1, 48)
    for x, y, colour in ((38, 16, RUST), (50, 10, MUSTARD), (61, 17, CLAY)):
        canvas.line(MOSS, 1.4, (50, 40), (x, y + 4))
        canvas.oval(x, y + 1, 9, 11, colour)
        canvas.oval(x - 1.6, y, 4, 8, light(colour, 0.25))
    canvas.arc(66, 54, 26, 30, dark(glaze, 0.2), thick=4, start=270, end=450)
    canvas.shape(
        dark(glaze, 0.1),
        (36, 34),
        (66, 34),
        (68, 54),
        (70, STAND),
        (32, STAND),
        (34, 54),
    )
    canvas.shape(
        glaze, (36, 34), (58, 34), (59, 54), (60, STAND), (32, STAND), (34, 54)
    )
    canvas.shape(glaze, (28, 31), (44, 34), (37, 44))
    canvas.oval(50, 34, 31, 7, light(glaze, 0.2))
    canvas.oval(50.6, 34.6, 26, 4.6, dark(glaze, 0.4))
    canvas.line(light(glaze, 0.4), 1.8, (39, 46), (37.6, 70))


def vase(canvas: Canvas, clay: Colour) -> None:
    canvas.shadow(50, STAND + 1, 40)
    for x, y in ((36, 8), (44, 4), (54, 6), (64, 11)):
        canvas.line(BRASS, 0.9, (50, 40), (x, y))
        canvas.oval(x, y + 2, 3.6, 10, light(BRASS, 0.34))
    canvas.shape(
        clay,
        (46, 36),
        (54, 36),
        (56, 48),
        (66, 62),
        (62, STAND),
        (38, STAND),
        (34, 62),
        (44, 48),
    )
    canvas.shape(
        dark(clay, 0.14),
        (51, 36),
        (54, 36),
        (56, 48),
        (66, 62),
        (62, STAND),
        (53, STAND),
        (57, 62),
        (52, 48),
    )
    canvas.oval(50, 36, 10, 3.4, dark(clay, 0.34))
    for y in (64, 68):
        canvas.line(light(clay, 0.3), 0.8, (35, y), (56, y))


def plant(canvas: Canvas, x: float, y: float, pot: Colour, *, size: float) -> None:
    """Put a pot with a plant somewhere, its foot at `y`."""

    def at(dx: float, dy: float) -> Point:
        return x + dx * size, y + dy * size

    for dx, dy, colour in (
        *((-17, -38, PINE), (17, -39, MOSS), (-10, -50, MOSS)),
        *((11, -51, PINE), (0, -57, light(MOSS, 0.1))),
    ):
        canvas.line(dark(PINE, 0.2), 1.4 * size, at(0, -22), at(dx * 0.7, dy * 0.8))
        canvas.oval(*at(dx, dy + 4), 13 * size, 20 * size, colour)
        canvas.line(
            dark(colour, 0.16), 0.8 * size, at(dx, dy - 3), at(dx * 0.9, dy + 13)
        )
    canvas.shape(pot, at(-15, -24), at(15, -24), at(11, 0), at(-11, 0))
    canvas.shape(dark(pot, 0.14), at(5, -24), at(15, -24), at(11, 0), at(4, 0))
    canvas.box(*at(-17, -29), *at(17, -23), light(pot, 0.14), radius=1.6 * size)


def planter(canvas: Canvas, pot: Colour) -> None:
    canvas.shadow(50, STAND + 1, 50)
    canvas.oval(50, STAND - 1, 44, 8, dark(pot, 0.2))
    plant(canvas, 50, STAND - 1, pot, size=1.25)
