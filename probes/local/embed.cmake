# SPDX-License-Identifier: GPL-3.0-or-later
# cmake -DOUT=x.c -DNAMES="a;b" -DFILES="path;path" -P embed.cmake: files as byte arrays in C.
set(text "/* Made by embed.cmake from probes/local/bootstraps. */\n#include \"probes/local/bootstraps.h\"\n\n")
set(rows "")
set(number 0)
foreach(name file IN ZIP_LISTS NAMES FILES)
    file(READ ${file} bytes HEX)
    string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
    string(APPEND text "static const unsigned char file_${number}[] = {${bytes}};\n")
    string(APPEND rows "    {\"${name}\", file_${number}, sizeof file_${number}},\n")
    math(EXPR number "${number} + 1")
endforeach()
string(APPEND text "\nconst struct cp_bootstrap cp_bootstraps[] = {\n${rows}    {0},\n};\n")
file(WRITE ${OUT} "${text}")
