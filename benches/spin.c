/* A program that draws in a whole window with OpenGL at a fixed pace: spin WIDTH HEIGHT FPS, on $DISPLAY. Says on standard
   error who draws. Built by benches/desktops.py with cc, -lGL -lX11 -lm. */
#include <GL/gl.h>
#include <GL/glx.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void draw(long frame) {
    glClearColor(0.1f, 0.1f, 0.15f, 1);
    glClear(GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT);
    glBegin(GL_TRIANGLES);
    for (int i = 0; i < 60; i++) {
        double turn = frame * 0.02 + i * 0.7, place = i * 0.63;
        double x = 0.8 * cos(place) * (i % 7) / 7, y = 0.8 * sin(place) * (i % 5) / 5;
        for (int corner = 0; corner < 3; corner++) {
            double angle = turn + corner * 2.094;
            glColor3f(0.5 + 0.5 * sin(i + corner), 0.5 + 0.5 * cos(2 * i + corner), 0.5 + 0.5 * sin(3 * i + 2 * corner));
            glVertex2f(x + 0.15 * cos(angle), y + 0.15 * sin(angle));
        }
    }
    glEnd();
}

int main(int count, char **words) {
    if (count != 4) return 64;
    int width = atoi(words[1]), height = atoi(words[2]);
    long pause = 1e9 / atof(words[3]);
    Display *display = XOpenDisplay(NULL);
    if (!display) return fputs("the display cannot be opened\n", stderr), 2;
    int wanted[] = {GLX_RGBA, GLX_DOUBLEBUFFER, GLX_DEPTH_SIZE, 16, None};
    XVisualInfo *visual = glXChooseVisual(display, DefaultScreen(display), wanted);
    if (!visual) return fputs("GLX has no visual\n", stderr), 2;
    Window root = DefaultRootWindow(display);
    XSetWindowAttributes attributes = {.override_redirect = True,
                                       .colormap = XCreateColormap(display, root, visual->visual, AllocNone)};
    Window window = XCreateWindow(display, root, 0, 0, width, height, 0, visual->depth, InputOutput, visual->visual,
                                  CWColormap | CWOverrideRedirect, &attributes);
    XMapWindow(display, window);
    glXMakeCurrent(display, window, glXCreateContext(display, visual, NULL, True));
    fprintf(stderr, "%s\n", (const char *)glGetString(GL_RENDERER));
    struct timespec next;
    clock_gettime(CLOCK_MONOTONIC, &next);
    for (long frame = 0;; frame++) {
        draw(frame);
        glXSwapBuffers(display, window);
        next.tv_nsec += pause;
        next.tv_sec += next.tv_nsec / 1000000000;
        next.tv_nsec %= 1000000000;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
    }
}
