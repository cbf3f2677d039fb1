/* A picture that changes so many times a second, and tells in a strip of blocks when it did:
 *
 *     picture static|typing|scroll|video HZ
 *
 * The strip is at the top left: 48 blocks of 16 by 16 pixels, white for 1 and black for 0: 1, 0, the last 38 bits of the
 * microseconds since 1970, the highest first, and the rest of these by 251 as 8 bits, so that a strip of which only a part
 * is new is told from a whole one. The clock is read before anything is drawn. The contents are made of seeds: the same on
 * each machine, and no fonts are needed. */

#define _GNU_SOURCE
#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SIDE = 16, BITS = 48, STRIP = 16, GLYPHS = 60, GLYPH_W = 9, GLYPH_H = 18, PAGES = 4, FRAMES = 24 };

static Display *display;
static Window window;
static GC gc;
static int width, height, depth;

static uint32_t any(uint32_t below) {
    static uint64_t state = 42;
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33) % below;
}

static void die(const char *why) {
    fprintf(stderr, "picture: %s\n", why);
    exit(64);
}

static uint32_t *blank(int rows) {
    uint32_t *pixels = malloc(4 * (size_t)width * rows);
    if (!pixels) die("there is not enough memory");
    memset(pixels, 0xff, 4 * (size_t)width * rows);
    return pixels;
}

static Pixmap kept(uint32_t *pixels, int w, int h) {
    Pixmap pixmap = XCreatePixmap(display, window, w, h, depth);
    XImage *image = XCreateImage(display, DefaultVisual(display, DefaultScreen(display)), depth, ZPixmap, 0,
                                 (char *)pixels, w, h, 32, 4 * w);
    XPutImage(display, pixmap, gc, image, 0, 0, 0, 0, w, h);
    XDestroyImage(image); /* and the pixels with it */
    return pixmap;
}

/* How dark each pixel of each letter is: a few strokes with soft edges, as small text has them. */
static uint8_t letters[GLYPHS][GLYPH_H][GLYPH_W];

static void stroke(uint8_t letter[GLYPH_H][GLYPH_W], double x0, double y0, double x1, double y1) {
    double dx = x1 - x0, dy = y1 - y0, length = dx * dx + dy * dy + 1e-9;
    for (int y = 0; y < GLYPH_H; y++)
        for (int x = 0; x < GLYPH_W; x++) {
            double along = fmin(1, fmax(0, ((x - x0) * dx + (y - y0) * dy) / length));
            double dark = 255 * fmin(1, fmax(0, 1.3 - hypot(x - x0 - along * dx, y - y0 - along * dy)));
            if (dark > letter[y][x]) letter[y][x] = (uint8_t)dark;
        }
}

static void invent_letters(void) {
    for (int at = 1; at < GLYPHS; at++)
        for (uint32_t more = 2 + any(2); more > 0; more--) {
            double x = 1 + any(6), y = 4 + any(9);
            if (any(2)) stroke(letters[at], x, 4, x, 13);
            else stroke(letters[at], 1, y, 7, any(2) ? y : 4 + any(9));
        }
}

static void write_letter(uint32_t *pixels, int stride, int x, int y, int letter, uint32_t ink) {
    for (int row = 0; row < GLYPH_H; row++)
        for (int column = 0; column < GLYPH_W; column++) {
            uint32_t dark = letters[letter][row][column], mixed = 0;
            for (int shift = 0; shift < 24; shift += 8)
                mixed |= (255 * (255 - dark) + (ink >> shift & 255) * dark) / 255 << shift;
            pixels[(size_t)(y + row) * stride + x + column] = mixed;
        }
}

/* Words in a few colours, with gaps between them. */
static Pixmap text(int rows) {
    static const uint32_t inks[] = {0x202020, 0x202020, 0x202020, 0x2040a0, 0x207040};
    uint32_t *pixels = blank(rows);
    for (int y = 4; y + GLYPH_H < rows; y += GLYPH_H + 2) {
        int end = width - 20 - (int)any(width / 3);
        for (int x = 20; x < end && any(12); x += GLYPH_W) {
            uint32_t ink = inks[any(5)];
            for (uint32_t length = 2 + any(8); length > 0 && x < end; length--, x += GLYPH_W)
                write_letter(pixels, width, x, y, 1 + any(GLYPHS - 1), ink);
        }
    }
    return kept(pixels, width, rows);
}

/* Waves in three colours with grain on them: nothing of it is flat, and all of it moves. */
static Pixmap film(int frame) {
    uint32_t *pixels = blank(height);
    double turn = 2 * M_PI * frame / FRAMES;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            uint32_t grain = (uint32_t)((x + 7 * frame) * 73856093u ^ (y + 3 * frame) * 19349663u), colour = 0;
            for (int part = 0; part < 3; part++) {
                double wave = sin(x * .011 * (part + 1) + turn + part) * cos(y * .013 - turn * (part + 1)) +
                              .4 * sin((x + y) * .05 + 2 * turn);
                colour |= (uint32_t)(128 + 70 * wave + (grain >> (8 + 4 * part)) % 16) << 8 * part;
            }
            pixels[(size_t)y * width + x] = colour;
        }
    return kept(pixels, width, height);
}

static uint64_t nanoseconds(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * 1000000000ull + time.tv_nsec;
}

static void strip(uint64_t time) {
    XRectangle ones[BITS];
    int count = 0;
    time &= (1ull << 38) - 1;
    time = time << 8 | time % 251;
    ones[count++] = (XRectangle){0, 0, SIDE, STRIP};
    for (int bit = 2; bit < BITS; bit++)
        if (time >> (BITS - 1 - bit) & 1) ones[count++] = (XRectangle){bit * SIDE, 0, SIDE, STRIP};
    XSetForeground(display, gc, 0);
    XFillRectangle(display, window, gc, 0, 0, BITS * SIDE, STRIP);
    XSetForeground(display, gc, 0xffffff);
    XFillRectangles(display, window, gc, ones, count);
}

int main(int argc, char **argv) {
    const char *content = argc == 3 ? argv[1] : "";
    double hz = argc == 3 ? atof(argv[2]) : 0;
    int typing = !strcmp(content, "typing"), scroll = !strcmp(content, "scroll"), video = !strcmp(content, "video");
    if (hz <= 0 || !(typing || scroll || video || !strcmp(content, "static")))
        die("usage: picture static|typing|scroll|video HZ");
    if (!(display = XOpenDisplay(NULL))) die("the X server that DISPLAY names cannot be reached");
    int screen = DefaultScreen(display);
    width = DisplayWidth(display, screen), height = DisplayHeight(display, screen), depth = DefaultDepth(display, screen);
    XSetWindowAttributes attributes = {.override_redirect = True};
    window = XCreateWindow(display, RootWindow(display, screen), 0, 0, width, height, 0, depth, InputOutput,
                           DefaultVisual(display, screen), CWOverrideRedirect, &attributes);
    gc = XCreateGC(display, window, 0, NULL);
    XSetGraphicsExposures(display, gc, False);
    invent_letters();
    Pixmap page = text(PAGES * height), frames[FRAMES], typed[GLYPHS];
    for (int at = 0; at < FRAMES && video; at++) frames[at] = film(at);
    for (int at = 0; at < GLYPHS; at++) {
        uint32_t *pixels = malloc(4 * GLYPH_W * GLYPH_H);
        if (!pixels) die("there is not enough memory");
        write_letter(pixels, GLYPH_W, 0, 0, at, 0x202020);
        typed[at] = kept(pixels, GLYPH_W, GLYPH_H);
    }
    XMapRaised(display, window);
    XCopyArea(display, video ? frames[0] : page, window, gc, 0, 0, width, height, 0, 0);
    XSync(display, False);
    puts("ready");
    fflush(stdout);

    int columns = (width - 40) / GLYPH_W, rows = (height - STRIP - 40) / (GLYPH_H + 2), body = height - STRIP;
    uint64_t period = (uint64_t)(1e9 / hz), next = nanoseconds(CLOCK_MONOTONIC);
    for (uint64_t tick = 0;; tick++) {
        uint64_t now = nanoseconds(CLOCK_REALTIME) / 1000;
        if (typing)
            XCopyArea(display, typed[any(GLYPHS)], window, gc, 0, 0, GLYPH_W, GLYPH_H, 20 + tick % columns * GLYPH_W,
                      STRIP + 20 + tick / columns % rows * (GLYPH_H + 2));
        if (scroll) {
            int from = (int)(tick * 480 / hz) % ((PAGES - 1) * height);
            XCopyArea(display, page, window, gc, 0, from, width, body, 0, STRIP);
        }
        if (video) XCopyArea(display, frames[tick % FRAMES], window, gc, 0, STRIP, width, body, 0, STRIP);
        strip(now);
        XSync(display, False);
        next += period;
        struct timespec until = {.tv_sec = next / 1000000000, .tv_nsec = next % 1000000000};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    }
}
