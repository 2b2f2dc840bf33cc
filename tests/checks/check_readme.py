# SPDX-License-Identifier: GPL-3.0-or-later
"""What a document tells the reader to type must work: commands exist, their options are accepted, and
the files it points to are there.

    check_readme.py COLDPROF ROOT [DOCUMENT...]      default: every *.md of the tree

Read are fenced blocks (with or without a leading `$`) and code spans. A coldprof command is run with
--help appended: the program parses the whole line and then only prints help.
"""
import os
import re
import shlex
import subprocess
import sys

FENCE = re.compile(r"^```[^\n]*\n(.*?)^```", re.M | re.S)
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")
COMMAND = re.compile(r"^(?:\$ )?((?:\./)?(?:scripts/)?coldprof|scripts/\w+)(?: |$)")
OPTION = re.compile(r"^--[a-z][a-z-]+(?= |=|$)")


def documents(root):
    listed = subprocess.run(["git", "-C", root, "ls-files", "*.md"], capture_output=True, text=True, check=True)
    return listed.stdout.split()


def command_lines(text):
    """(line number, command line) of everything that is typed."""
    def line_of(offset):
        return text.count("\n", 0, offset) + 1

    for block in FENCE.finditer(text):
        at = line_of(block.start(1))
        for i, line in enumerate(re.sub(r"\\\n\s*", " ", block.group(1)).split("\n")):
            if COMMAND.match(line):
                yield at + i, line.removeprefix("$ ")
    prose = FENCE.sub(lambda m: re.sub(r"[^\n]", " ", m.group(0)), text)
    for span in SPAN.finditer(prose):
        if COMMAND.match(span.group(1)):
            yield line_of(span.start()), span.group(1)


def accepts(coldprof, arguments):
    """None, or what the program says against this command line."""
    if not arguments:
        return None
    # a word that the usage wants literally, like `serve`, is checked here: help comes before it
    usage = subprocess.run([coldprof, "help", arguments[0]], capture_output=True, text=True, check=False).stdout
    literal = re.search(rf"^usage: coldprof {arguments[0]} (?:\[OPTIONS\] )?([a-z]+)\b", usage, re.M)
    if literal and literal.group(1) not in arguments[1:]:
        return f"wants '{literal.group(1)}'"
    done = subprocess.run([coldprof, *arguments, "--help"], capture_output=True, text=True, check=False, timeout=20)
    return None if done.returncode == 0 else done.stderr.strip() or f"status {done.returncode}"


def options_of(coldprof):
    """Every long option that some command knows."""
    overview = subprocess.run([coldprof, "help"], capture_output=True, text=True, check=True).stdout
    names = re.findall(r"^  ([\w-]+)  ", overview, re.M)
    helps = [subprocess.run([coldprof, "help", name], capture_output=True, text=True, check=True).stdout
             for name in names]
    return set(re.findall(r"--[a-z][a-z-]+", "\n".join(helps)))


def scripts_options(root):
    known = set()
    for name in os.listdir(os.path.join(root, "scripts")):
        with open(os.path.join(root, "scripts", name), encoding="utf-8") as f:
            known |= set(re.findall(r"--[a-z][a-z-]+", f.read()))
    return known


def check_command(coldprof, root, line):
    words = shlex.split(line, comments=True)
    program, arguments = words[0], words[1:]
    if os.path.basename(program) != "coldprof":
        if not os.access(os.path.join(root, program), os.X_OK):
            return f"'{program}' is not an executable file"
        with open(os.path.join(root, program), encoding="utf-8") as f:
            text = f.read()
        known = set(re.findall(r"--[a-z][a-z-]+", text))
        unknown = [a for a in arguments if a.startswith("--") and a.split("=")[0] not in known]
        return f"{program} has no option '{unknown[0]}'" if unknown else None
    for word in arguments:  # folders of the tree that the reader is told to use
        if "/" in word and not word.startswith(("./", "-")) and "=" not in word and not re.match(r"^[\d./a-z]+/[sm]$", word):
            if not os.path.exists(os.path.join(root, word)):
                return f"'{word}' does not exist"
    return accepts(coldprof, arguments)


def findings(coldprof, root, document):
    with open(os.path.join(root, document), encoding="utf-8") as f:
        text = f.read()
    for number, line in command_lines(text):
        problem = check_command(coldprof, root, line)
        if problem:
            yield f"{document}:{number}: {line}: {problem}"
    prose = FENCE.sub("", text)
    known = options_of(coldprof) | scripts_options(root)
    for span in SPAN.findall(prose):
        option = OPTION.match(span)
        if option and option.group(0) not in known:
            yield f"{document}: no command has the option '{option.group(0)}'"
    folder = os.path.dirname(os.path.join(root, document))
    for target in LINK.findall(prose):
        if not re.match(r"[a-z]+:", target) and not os.path.exists(os.path.join(folder, target)):
            yield f"{document}: link to '{target}', which does not exist"
    for span in SPAN.findall(prose):
        top = span.split("/")[0]
        if re.fullmatch(r"\w[\w./-]+", span) and "/" in span and os.path.isdir(os.path.join(root, top)) \
                and not os.path.exists(os.path.join(root, span)):
            yield f"{document}: names '{span}', which does not exist"


def main():
    coldprof, root = sys.argv[1], sys.argv[2]
    checked = sys.argv[3:] or documents(root)
    found = [f for document in checked for f in findings(coldprof, root, document)]
    print("\n".join(found) if found else f"{len(checked)} documents: every command, option and file exists")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
