/* SPDX-License-Identifier: GPL-3.0-or-later
 * Style sheet of the report page: constant text, no font, image or link from elsewhere.
 */
#ifndef COLDPROF_REPORTS_PAGE_STYLE_H
#define COLDPROF_REPORTS_PAGE_STYLE_H

extern const char cp_page_style_screen[];
extern const char cp_page_style_print[];

#endif
