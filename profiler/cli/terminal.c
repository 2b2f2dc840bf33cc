/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/terminal.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { HEIGHT_DEFAULT = 24, WIDTH_DEFAULT = 80, WIDTH_MIN = 20, WIDTH_MAX = 500 };

static bool is_set(const char *value)
{
    return value && value[0];
}

static bool is_smart(cp_getenv_fn get, void *context)
{
    const char *term = get(context, "TERM");
    return is_set(term) && strcmp(term, "dumb") != 0;
}

static bool wants_color(bool is_tty, enum cp_color color, cp_getenv_fn get, void *context)
{
    if (color != CP_COLOR_AUTO)
        return color == CP_COLOR_ALWAYS;
    if (is_set(get(context, "NO_COLOR")))
        return false;
    const char *force = get(context, "CLICOLOR_FORCE");
    if (is_set(force) && strcmp(force, "0") != 0)
        return true;
    return is_tty && is_smart(get, context);
}

static int height_of(int fd)
{
    struct winsize size;
    return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 ? size.ws_row : HEIGHT_DEFAULT;
}

static int width_of(int fd, cp_getenv_fn get, void *context)
{
    int64_t columns = 0;
    const char *text = get(context, "COLUMNS");
    struct winsize size;
    if (!is_set(text) || !cp_view_to_int64(cp_view_of(text), &columns))
        columns = ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
    if (columns <= 0)
        return WIDTH_DEFAULT;
    return (int)(columns < WIDTH_MIN ? WIDTH_MIN : columns > WIDTH_MAX ? WIDTH_MAX : columns);
}

struct cp_terminal cp_terminal_of(int fd, enum cp_color color, cp_getenv_fn get, void *context)
{
    bool is_tty = isatty(fd) == 1;
    return (struct cp_terminal){
        .is_tty = is_tty,
        .use_color = wants_color(is_tty, color, get, context),
        .can_redraw = is_tty && is_smart(get, context),
        .width = width_of(fd, get, context),
        .height = height_of(fd),
    };
}
