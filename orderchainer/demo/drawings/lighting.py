"""Lamps, and the light that falls from them."""

from orderchainer.demo.drawings.canvas import (
    BLACK,
    BRASS,
    GLOW,
    LINEN,
    MUSTARD,
    STAND,
    STEEL,
    STONE,
    Canvas,
    Colour,
    dark,
    light,
    mixed,
)


def beam(canvas: Canvas, x: float, top: float, half: float, bottom: float) -> None:
    """Let light fall: half as wide above as below."""
    colour = mixed(canvas.wall, GLOW, 0.62)
    canvas.shape(
        colour,
        (x - half * 0.5, top),
        (x + half * 0.5, top),
        (x + half, bottom),
        (x - half, bottom),
    )
    canvas.oval(x, bottom, half * 2, half * 0.5, colour)


def desk_lamp(canvas: Canvas, paint: Colour, *, arm: Colour) -> None:
    canvas.shadow(46, STAND + 1, 56)
    beam(canvas, 69, 41, 16, STAND - 3)
    canvas.line(arm, 2.4, (36, STAND - 4), (28, 50), (56, 24))
    for x, y in ((28, 50), (56, 24)):
        canvas.oval(x, y, 4.6, 4.6, dark(arm, 0.3))
    canvas.oval(38, STAND - 2, 34, 9, dark(paint))
    canvas.oval(38, STAND - 3.6, 34, 9, paint)
    canvas.shape(dark(paint, 0.12), (58, 19), (66, 24), (81, 41), (55, 43))
    canvas.shape(paint, (58, 19), (63, 22), (72, 42), (55, 43))
    canvas.oval(59.6, 21.4, 10, 9, paint)
    canvas.oval(68, 42, 26, 6, GLOW)


def drum_pendant(canvas: Canvas, linen: Colour) -> None:
    canvas.line(BLACK, 0.8, (50, 0), (50, 30))
    beam(canvas, 50, 58, 40, 96)
    canvas.box(22, 30, 78, 60, linen)
    canvas.oval(50, 60, 56, 11, mixed(linen, GLOW, 0.8))
    canvas.box(22, 30, 78, 58, linen)
    for x in range(25, 78, 4):
        canvas.line(dark(linen, 0.07), 0.5, (x, 33), (x, 58))
    canvas.oval(50, 30, 56, 9, dark(linen, 0.16))
    canvas.oval(50, 59.5, 56, 9, GLOW)
    canvas.oval(50, 59.5, 12, 3.4, (255, 255, 244))


def dome_pendant(canvas: Canvas, enamel: Colour) -> None:
    canvas.line(BLACK, 1, (50, 0), (50, 26))
    beam(canvas, 50, 58, 38, 96)
    canvas.box(46, 22, 54, 32, dark(enamel, 0.3), radius=2)
    canvas.arc(50, 58, 66, 58, enamel, thick=29, start=180, end=360)
    canvas.arc(50, 58, 54, 46, light(enamel, 0.24), thick=2.4, start=200, end=245)
    canvas.oval(50, 58, 66, 14, dark(enamel, 0.2))
    canvas.oval(50, 58.6, 61, 11, (255, 248, 226))
    canvas.oval(50, 60, 15, 8, GLOW)


def arc_lamp(canvas: Canvas, shade: Colour) -> None:
    canvas.shadow(26, STAND + 1, 40)
    beam(canvas, 75, 42, 17, STAND)
    canvas.arc(50, 44, 50, 66, BLACK, thick=2, start=180, end=360)
    canvas.box(24.9, 43, 27, STAND - 6, BLACK)
    canvas.box(13, STAND - 8, 39, STAND, STONE, radius=2)
    canvas.box(13, STAND - 8, 39, STAND - 5, light(STONE), radius=1.5)
    canvas.shape(shade, (69, 28), (80, 28), (88, 43), (61, 43))
    canvas.shape(dark(shade, 0.16), (76, 28), (80, 28), (88, 43), (80, 43))
    canvas.oval(74.5, 43, 27, 6, GLOW)


def table_lamp(canvas: Canvas, clay: Colour) -> None:
    canvas.shadow(50, STAND + 1, 44)
    canvas.glow(50, 38, 92)
    canvas.box(47, 48, 53, 60, BRASS)
    canvas.oval(50, 70, 34, 27, clay)
    canvas.oval(55, 71, 22, 23, dark(clay, 0.12))
    canvas.oval(45, 69, 22, 22, clay)
    canvas.arc(50, 70, 27, 21, light(clay, 0.36), thick=1.6, start=165, end=215)
    canvas.shape(LINEN, (36, 20), (64, 20), (76, 52), (24, 52))
    canvas.shape(mixed(LINEN, GLOW, 0.6), (40, 21), (60, 21), (66, 51), (34, 51))
    canvas.oval(50, 52, 52, 7, GLOW)
    canvas.oval(50, 20, 28, 4, dark(LINEN, 0.14))


def lantern(canvas: Canvas, metal: Colour) -> None:
    canvas.shadow(50, STAND + 1, 44)
    canvas.glow(50, 52, 74)
    canvas.arc(50, 40, 50, 62, dark(metal, 0.2), thick=1.6, start=180, end=360)
    canvas.oval(50, 53, 32, 36, mixed(GLOW, (255, 255, 255), 0.5))
    canvas.shape(MUSTARD, (50, 40), (55, 53), (50, 61), (45, 53))
    canvas.shape((255, 246, 214), (50, 47), (52.4, 54), (50, 59), (47.6, 54))
    for x in (31, 67):
        canvas.box(x, 36, x + 2.4, 74, dark(metal), radius=1)
    canvas.box(38, 26, 62, 34, metal, radius=3)
    canvas.box(34, 33, 66, 37, dark(metal, 0.14), radius=2)
    canvas.box(30, 68, 70, STAND, metal, radius=5)
    canvas.box(30, 68, 70, 73, light(metal), radius=3)


def bulb(canvas: Canvas) -> None:
    canvas.glow(50, 44, 90)
    canvas.oval(50, 42, 48, 48, mixed(GLOW, (255, 255, 255), 0.35))
    canvas.shape(
        mixed(GLOW, (255, 255, 255), 0.35), (29, 53), (71, 53), (58, 72), (42, 72)
    )
    for x in (44, 48, 52, 56):
        canvas.line((232, 140, 40), 0.9, (x, 34), (50 + (x - 50) * 0.6, 60))
    canvas.arc(50, 42, 40, 40, (255, 255, 255), thick=2, start=195, end=240)
    for number in range(4):
        canvas.box(
            41 + number * 0.8,
            71 + number * 4.2,
            59 - number * 0.8,
            75 + number * 4.2,
            STEEL if number % 2 == 0 else light(STEEL),
            radius=1.6,
        )
    canvas.box(46, 88, 54, 91, BLACK, radius=1.5)
