"""Boards, and what lies on them."""

from collections.abc import Sequence

from orderchainer.demo.drawings.canvas import (
    BLACK,
    BRASS,
    CREAM,
    STAND,
    STEEL,
    Canvas,
    Colour,
    dark,
    light,
)


def cutting_board(canvas: Canvas, wood: Colour) -> None:
    canvas.box(15, 27, 87, 77, dark(canvas.wall, 0.24), radius=4)
    canvas.box(13, 24, 85, 74, dark(wood, 0.24), radius=4)
    canvas.box(13, 24, 85, 71.5, wood, radius=4)
    shades = (light(wood, 0.16), dark(wood, 0.08), light(wood, 0.06), dark(wood, 0.02))
    for row in range(5):
        for column in range(8):
            left, top = 15.5 + column * 8.45, 26.5 + row * 8.7
            canvas.box(
                left, top, left + 8, top + 8.2, shades[(column * 3 + row * 5) % 7 % 4]
            )
    for x, y, size in ((36, 44, 13), (52, 52, 13)):
        canvas.oval(x, y, size, size, (196, 58, 48))
        canvas.oval(x, y, size * 0.8, size * 0.8, (226, 104, 84))
        canvas.oval(x, y, size * 0.2, size * 0.2, (244, 190, 150))


def round_board(canvas: Canvas, wood: Colour) -> None:
    canvas.oval(45, 59, 66, 66, dark(canvas.wall, 0.24))
    canvas.line(dark(wood, 0.2), 11, (62, 38), (82, 17))
    canvas.line(wood, 9.4, (62, 38), (82, 16.4))
    canvas.oval(82, 17, 4, 4, canvas.wall)
    canvas.oval(43, 56, 66, 66, dark(wood, 0.2))
    canvas.oval(43, 55, 66, 65, wood)
    for width in (50, 36, 22):
        canvas.arc(
            40, 55, width, width * 1.2, light(wood, 0.1), thick=0.8, start=70, end=290
        )
    canvas.shape((246, 208, 108), (36, 47), (60, 54), (38, 64))
    canvas.shape((226, 178, 74), (38, 64), (60, 54), (60, 58), (38, 68))
    for x, y in ((30, 60), (27, 66), (33, 66), (30, 72)):
        canvas.oval(x, y, 6.4, 6.4, (106, 60, 112))
        canvas.oval(x - 1, y - 1, 2, 2, (160, 120, 168))


def spoons(canvas: Canvas, woods: Sequence[Colour]) -> None:
    for number, wood in enumerate(woods):
        x, tilt = 30 + number * 20, (number - 1) * 7
        canvas.line(dark(canvas.wall, 0.2), 3.6, (x + 2, 42), (x - tilt + 2, 90))
        canvas.line(dark(wood, 0.1), 3.4, (x, 40), (x - tilt, 88))
        canvas.oval(x + tilt * 0.2, 27, 16, 28, wood)
        canvas.oval(x + tilt * 0.2, 26, 10.5, 20, dark(wood, 0.16))
        canvas.oval(x + tilt * 0.2 + 0.8, 27.4, 9, 17, dark(wood, 0.08))


def knife(canvas: Canvas, handle: Colour) -> None:
    canvas.shape(dark(canvas.wall, 0.22), (10, 64), (60, 40), (66, 55), (44, 66))
    canvas.shape(light(STEEL, 0.5), (8, 60), (58, 36), (64, 50), (40, 61))
    canvas.shape(light(STEEL, 0.76), (8, 60), (60, 40), (64, 50), (40, 61))
    canvas.shape(STEEL, (57, 36), (62, 34), (68, 49), (63, 51))
    canvas.line(dark(handle, 0.2), 10, (67, 42), (90, 32))
    canvas.line(handle, 8.4, (67, 41), (90, 31))
    for x, y in ((70, 40), (79, 36), (88, 32)):
        canvas.oval(x, y, 2, 2, BRASS)


def rolling_pin(canvas: Canvas, wood: Colour) -> None:
    canvas.line(dark(canvas.wall, 0.2), 15, (22, 81), (82, 33))
    canvas.line(dark(wood, 0.16), 15, (20, 77), (80, 29))
    canvas.line(wood, 11, (19, 75.6), (79, 27.6))
    canvas.line(light(wood, 0.36), 2.2, (21, 70.5), (74, 28))
    for x, y in ((26, 30), (70, 70), (60, 82), (36, 24), (80, 62)):
        canvas.oval(x, y, 3, 1.8, CREAM)


def mill(canvas: Canvas, wood: Colour) -> None:
    canvas.shadow(50, STAND + 1, 36)
    for width, colour in ((1.0, dark(wood, 0.2)), (0.62, wood)):
        half = 13 * width
        left = 50 - 13
        canvas.box(left, 66, left + half * 2, STAND, colour, radius=2.4)
        canvas.shape(
            colour, (41, 44), (41 + 18 * width, 44), (40 + 22 * width, 67), (39, 67)
        )
        canvas.box(38, 36, 38 + 24 * width, 45, colour, radius=3)
    canvas.line(STEEL, 1.6, (38.6, 46), (61.4, 46))
    canvas.oval(50, 27, 22, 20, dark(wood, 0.14))
    canvas.oval(48, 26.4, 16, 16, wood)
    canvas.oval(50, 15.6, 5.4, 5.4, BRASS)
    for x, y in ((28, 82), (33, 85), (69, 84), (74, 81), (66, 87)):
        canvas.oval(x, y, 1.8, 1.8, BLACK)
