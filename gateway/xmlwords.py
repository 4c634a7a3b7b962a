# SPDX-License-Identifier: EUPL-1.2
"""What libxml2 found wrong, in our own words: its texts change with its version, and no clerk understands them.

Leaves out where it was found (``gateway.markup``). Its messages repeat what the sender wrote, up to ten megabytes of it:
they are cut before any pattern sees them, and every pattern here is linear.
"""

import re
from collections.abc import Iterator, Mapping

from lxml import etree

_MAX_MESSAGE = 1_000  # characters
_SYNTAX: Mapping[int, str] = {
    etree.ErrorTypes.ERR_TAG_NAME_MISMATCH: "an element that another one closes",
    etree.ErrorTypes.ERR_TAG_NOT_FINISHED: "an element that nothing closes",
    etree.ErrorTypes.ERR_GT_REQUIRED: "a tag without its end",
    etree.ErrorTypes.ERR_DOCUMENT_EMPTY: "no element",
    etree.ErrorTypes.ERR_DOCUMENT_END: "more after the end of the root element",
    etree.ErrorTypes.ERR_ATTRIBUTE_REDEFINED: "an attribute twice",
    etree.ErrorTypes.ERR_INVALID_CHAR: "a character that XML does not allow",
    etree.ErrorTypes.ERR_UNDECLARED_ENTITY: "an entity nobody declared",
    etree.ErrorTypes.ERR_ENTITYREF_SEMICOL_MISSING: "& that stands for no character",
    etree.ErrorTypes.ERR_NAME_REQUIRED: "< or & without a name behind it",
    etree.ErrorTypes.ERR_LT_IN_ATTRIBUTE: "< inside an attribute",
    etree.ErrorTypes.ERR_UNSUPPORTED_ENCODING: "an encoding nobody knows",
    etree.ErrorTypes.NS_ERR_UNDEFINED_NAMESPACE: "a prefix without its namespace",
}
_LIMITS = ("excessive depth", "too long", "amplification", "limit", "huge", "nesting")
_DECLARATION = ("entity", "doctype", "dtd", "internal subset")

# What the schema wants -> our words; the numbers are libxml2's own.
_FACETS = (
    (r"\[facet 'pattern'\] .* by the pattern '(.*)'\.", "a value of the pattern {}"),
    (r"\[facet 'enumeration'\] .* of the set \{(.*)\}\.", "one of {}"),
    (r"\[facet 'minLength'\] .* minimum length of '(\d+)'\.", "at least {} characters"),
    (r"\[facet 'maxLength'\] .* maximum length of '(\d+)'\.", "at most {} characters"),
    (r"\[facet 'length'\] .* length of '(\d+)'\.", "exactly {} characters"),
    (r"\[facet 'min(?:In|Ex)clusive'\] .*\('(.*)'\)\.", "a value not below {}"),
    (r"\[facet 'max(?:In|Ex)clusive'\] .*\('(.*)'\)\.", "a value not above {}"),
    (r"\[facet 'fractionDigits'\] .*\('(\d+)'\)\.", "at most {} decimal places"),
    (r"\[facet 'totalDigits'\] .*\('(\d+)'\)\.", "at most {} digits"),
    (r".*Expected is (?:one of )?\( ?(.*?) ?\)\.", "the element {}"),
    (r".*The attribute '(.*)' is required but missing\.", "the attribute {}"),
)
_TYPES = {
    "Day": "a day like 2026-01-31",
    "Moment": "a moment like 2026-01-31T12:00:00+01:00",
    "boolean": "true or false",
    "decimal": "a number like 38.5",
}
_STRUCTURE: Mapping[int, str] = {
    etree.ErrorTypes.SCHEMAV_CVC_COMPLEX_TYPE_3_2_1: "an attribute the schema does not know",
    etree.ErrorTypes.SCHEMAV_CVC_COMPLEX_TYPE_3_2_2: "an attribute the schema does not know",
    etree.ErrorTypes.SCHEMAV_CVC_TYPE_3_1_1: "an attribute the schema does not know",
    etree.ErrorTypes.SCHEMAV_CVC_COMPLEX_TYPE_2_1: "content in an element that is to be empty",
    etree.ErrorTypes.SCHEMAV_CVC_COMPLEX_TYPE_2_3: "text between the elements",
    etree.ErrorTypes.SCHEMAV_CVC_TYPE_3_1_2: "elements inside a simple value",
    etree.ErrorTypes.SCHEMAV_CVC_ELT_1: "another root element",
}
_SEPARATOR = re.compile(r"', '|, ")


def is_limit(error: etree.XMLSyntaxError) -> bool:
    """Is this one of libxml2's own bounds?"""
    return any(word in _message(error) for word in _LIMITS)


def is_declaration(error: etree.XMLSyntaxError) -> bool:
    """Is this about a document type or what only one can declare?"""
    return any(word in _message(error) for word in _DECLARATION)


def syntax_words(error: etree.XMLSyntaxError) -> str:
    """What stands there instead of well-formed XML."""
    return _SYNTAX.get(error.code or 0, "something that is not XML")


def schema_words(entry: etree._LogEntry, value: str) -> tuple[str, str]:
    """What the schema expected at this place, and what it got; ``value`` is the text of the element."""
    message = re.sub(r"\{[^{}\s]*:[^{}\s]*\}(?=\w)", "", entry.message[:_MAX_MESSAGE])
    expected = next(_wanted(message), "what the schema allows")
    if entry.type in _STRUCTURE:
        return expected, _STRUCTURE[entry.type]
    if "Missing child element" in message or "required but missing" in message:
        return expected, "none"
    if "This element is not expected" in message:
        name = re.match(r"Element '([^']*)'", message)
        return expected, f"the element {name[1] if name else value}"
    return expected, value


def is_facet(entry: etree._LogEntry) -> bool:
    """Is this about a value that a facet refuses? libxml2 then tells the same value again, by the name of its type."""
    return "[facet '" in entry.message[:_MAX_MESSAGE]


def is_echo(entry: etree._LogEntry) -> bool:
    """Is this the value once more, by the name of its type?"""
    return entry.type == etree.ErrorTypes.SCHEMAV_CVC_DATATYPE_VALID_1_2_1


def _wanted(message: str) -> Iterator[str]:
    body = message.split(": ", 1)[-1]
    for pattern, words in _FACETS:
        if match := re.fullmatch(pattern, body, re.DOTALL):
            yield words.format(_SEPARATOR.sub(", ", match[1].strip("'")))
    if named := re.search(r" type '(?:xs:)?(\w+)'\.$", body):
        yield _TYPES.get(named[1], f"a value of the type {named[1]}")


def _message(error: etree.XMLSyntaxError) -> str:
    return str(error.msg or "")[:_MAX_MESSAGE].lower()
