#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Read a page of `exitledger compare --html` as XML and say what is wrong with it.

usage: page-check.py FILE
Status: 0 nothing, 1 something (one line each on stderr). The page's text, tag by tag, goes to stdout.
"""

import re
import sys
import xml.etree.ElementTree as ET

SCRIPTS = {"script", "iframe", "object", "embed", "link", "img", "base", "form"}


def problems(root: ET.Element) -> list[str]:
    found = []
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    found += [f"id {name} twice" for name in set(ids) if ids.count(name) > 1]
    for element in root.iter():
        if element.tag in SCRIPTS:
            found.append(f"a {element.tag}")
        for name, value in element.attrib.items():
            if name.startswith("on") or name in ("href", "src", "action"):
                found.append(f"{element.tag} has {name}={value}")
            if re.search(r"nan|inf\b|://", value, re.IGNORECASE):
                found.append(f"{element.tag} has {name}={value}")
            if value.endswith("%") and not 0 <= float(value[:-1]) <= 100:
                found.append(f"{element.tag} has {name}={value}")
        if element.tag == "svg" and element.get("role") == "img":
            title = element.find("title")
            if title is None or not title.text:
                found.append("a chart without a title")
        elif element.tag == "svg" and element.get("aria-hidden") != "true" and "axis" not in hidden(root, element):
            found.append("a chart that is neither named nor hidden")
    return found


def hidden(root: ET.Element, inner: ET.Element) -> str:
    """Classes of the elements around one that are hidden from a screen reader."""
    around = [e for e in root.iter() if e.get("aria-hidden") == "true" and inner in list(e.iter())]
    return " ".join(e.get("class", "") for e in around)


def main(arguments: list[str]) -> int:
    root = ET.parse(arguments[0]).getroot()
    found = problems(root)
    for line in found:
        print(line, file=sys.stderr)
    for element in root.iter():
        for text in (element.text, element.tail):
            if text and text.strip() and element.tag != "style":
                print(f"{element.tag}: {' '.join(text.split())}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
