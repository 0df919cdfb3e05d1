#pragma once
#define NCURSES_WIDECHAR 1
#include <locale.h>
#include <wchar.h>
#include <ncurses.h>

// What Swift cannot see: function-like macros, macros over `stdscr`, and globals that ncurses changes behind its back.

// From <term.h>, whose macros (`lines`, `columns`, ...) would get in everybody's way.
extern char *tigetstr(const char *);

// NULL when the terminal's type is not known.
static inline SCREEN *pushprox_open(void) { return newterm(NULL, stdout, stdin); }
static inline WINDOW *pushprox_screen(void) { return stdscr; }
static inline WINDOW *pushprox_shown(void) { return curscr; }
static inline int pushprox_colors(void) { return COLORS; }
static inline int pushprox_next_key(wint_t *key) { return wget_wch(stdscr, key); }
static inline void pushprox_attributes(int bold, int dim, int underlined, int reversed, short pair) {
    attr_t attributes = (bold ? A_BOLD : 0) | (dim ? A_DIM : 0) | (underlined ? A_UNDERLINE : 0)
        | (reversed ? A_REVERSE : 0);
    (void)wattr_set(stdscr, attributes, pair, NULL);
}
static inline int pushprox_function_key(int number) { return KEY_F(number); }
static inline void pushprox_watch_mouse(void) {
    mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
    // Presses are told at once; waiting to tell a click from a press would delay every one of them.
    mouseinterval(0);
}
static inline int pushprox_pressed(mmask_t state) { return (state & BUTTON1_PRESSED) != 0; }
static inline int pushprox_wheel_up(mmask_t state) { return (state & BUTTON4_PRESSED) != 0; }
static inline int pushprox_wheel_down(mmask_t state) { return (state & BUTTON5_PRESSED) != 0; }
// NULL for a capability that the terminal lacks.
static inline const char *pushprox_capability(const char *name) {
    char *text = tigetstr(name);
    return text == (char *)-1 ? NULL : text;
}
