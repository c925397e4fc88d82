"""MediaWiki exports: every packing and encoding, what is skipped, and what is said of bad ones."""

from __future__ import annotations

import bz2
import gzip
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from fixtures.mediawiki import DumpError, articles

NAMESPACE = "http://www.mediawiki.org/xml/export-0.11/"


def page(title: str, *texts: str, ns: str = "<ns>0</ns>", redirect: str = "") -> str:
    revisions = "".join(f"<revision><text>{text}</text></revision>" for text in texts)
    return f"<page><title>{title}</title>{ns}{redirect}{revisions}</page>\n"


def export(*pages: str, encoding: str = "", info: str = "", namespace: str = NAMESPACE) -> str:
    declaration = f'<?xml version="1.0" encoding="{encoding}"?>\n' if encoding else ""
    return f'{declaration}<mediawiki xmlns="{namespace}">{info}\n{"".join(pages)}</mediawiki>\n'


def saved(folder: Path, data: bytes | str, name: str = "dump.xml") -> str:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return str(path)


def read(path: str) -> list[tuple[str, str]]:
    return [(article.title, article.text) for article in articles(path)]


def complaint(path: str) -> str:
    with pytest.raises(DumpError) as raised:
        list(articles(path))
    message = str(raised.value)
    assert "\n" not in message
    return message


MANY = export(*(page(f"Article {n}", f"text {n} " + f"{n * 7919:x} " * 60) for n in range(300)))


# What comes out


def test_an_article_has_its_title_and_text(tmp_path: Path) -> None:
    dump = saved(tmp_path, export(page("A", "one"), page("B", "two &lt;b&gt; &amp; three")))
    assert read(dump) == [("A", "one"), ("B", "two <b> & three")]


@pytest.mark.parametrize("pack", [bytes, bz2.compress, gzip.compress], ids=["plain", "bz2", "gz"])
def test_the_packing_is_told_by_the_content(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    assert len(read(saved(tmp_path, pack(MANY.encode()), "dump"))) == 300


def test_a_dump_of_many_bz2_streams_is_read_to_its_end(tmp_path: Path) -> None:
    half = len(MANY) // 2
    packed = bz2.compress(MANY[:half].encode()) + bz2.compress(MANY[half:].encode())
    assert len(read(saved(tmp_path, packed))) == 300


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("UTF-8", "naïve Ω 日本 😀"),
        ("us-ascii", "plain"),
        ("ISO-8859-1", "naïve"),
        ("windows-1252", "“naïve” €"),
        ("KOI8-R", "привет мир"),
        ("Shift_JIS", "日本語の表"),
        ("x-sjis", "日本語の表"),
        ("EUC-JP", "日本語"),
        ("ISO-2022-JP", "日本語"),
        ("GB2312", "简体中文"),
        ("GB18030", "简体中文 😀"),
        ("Big5", "繁體中文"),
        ("EUC-KR", "한국어"),
        ("UTF-16", "naïve Ω 日本 😀"),
        ("UTF-16LE", "naïve Ω 日本 😀"),
        ("UTF-16BE", "naïve Ω 日本 😀"),
        ("UTF-32", "naïve Ω 日本 😀"),
        ("UTF-8-SIG", "naïve"),
        ("cp037", "naïve"),
    ],
)
def test_any_declared_encoding_is_read(tmp_path: Path, encoding: str, text: str) -> None:
    codec = {"x-sjis": "shift_jis"}.get(encoding, encoding)
    wide = text * 10_000  # characters that straddle the chunks it is read in
    xml = export(page(text, wide), encoding=encoding)
    assert read(saved(tmp_path, xml.encode(codec))) == [(text, wide)]


def test_without_a_declaration_it_is_utf_8(tmp_path: Path) -> None:
    assert read(saved(tmp_path, export(page("Ω", "日本")))) == [("Ω", "日本")]


@pytest.mark.parametrize("namespace", ["http://www.mediawiki.org/xml/export-0.3/", "urn:any", ""])
def test_any_version_of_the_schema_is_read(tmp_path: Path, namespace: str) -> None:
    assert read(saved(tmp_path, export(page("A", "one"), namespace=namespace))) == [("A", "one")]


def test_a_prefix_for_the_namespace_is_read(tmp_path: Path) -> None:
    xml = (
        f'<m:mediawiki xmlns:m="{NAMESPACE}"><m:page><m:title>A</m:title><m:ns>0</m:ns>'
        "<m:revision><m:text>one</m:text></m:revision></m:page></m:mediawiki>"
    )
    assert read(saved(tmp_path, xml)) == [("A", "one")]


def test_every_revision_of_a_full_history_comes_out(tmp_path: Path) -> None:
    dump = saved(tmp_path, export(page("A", "first", "second")))
    assert read(dump) == [("A", "first"), ("A", "second")]


def test_redirects_are_skipped(tmp_path: Path) -> None:
    marked = page("R", "#WEITERLEITUNG [[A]]", redirect='<redirect title="A" />')
    unmarked = page("S", "#redirect [[A]]")
    assert read(saved(tmp_path, export(marked, unmarked, page("A", "one")))) == [("A", "one")]


def test_other_namespaces_are_skipped(tmp_path: Path) -> None:
    talk = page("Talk:A", "blah", ns="<ns>1</ns>")
    assert read(saved(tmp_path, export(talk, page("A", "one")))) == [("A", "one")]


def test_an_old_export_tells_namespaces_by_the_title(tmp_path: Path) -> None:
    info = (
        '<siteinfo><namespaces><namespace key="0" /><namespace key="1">Talk</namespace>'
        "</namespaces></siteinfo>"
    )
    pages = page("Talk:A", "blah", ns=""), page("Star Wars: A", "one", ns="")
    assert read(saved(tmp_path, export(*pages, info=info))) == [("Star Wars: A", "one")]


def test_memory_stays_flat_while_a_large_dump_is_streamed(tmp_path: Path) -> None:
    text = "word " * 4000
    size = 400 * len(text)
    dump = saved(tmp_path, export(*(page(f"A{n}", text) for n in range(400))))
    tracemalloc.start()
    try:
        count = sum(1 for _ in articles(dump))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 400
    assert peak < size / 10


# What is said of a dump that cannot be read


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = str(tmp_path / "nowhere.xml")
    said = f"cannot read the dump {path}: No such file or directory; check the path"
    assert complaint(path) == said


def test_a_folder_is_no_dump(tmp_path: Path) -> None:
    assert "Is a directory" in complaint(str(tmp_path))


def test_an_empty_file_is_said_to_be_empty(tmp_path: Path) -> None:
    assert complaint(saved(tmp_path, b"", "e.xml")).startswith("e.xml is empty: get one from ")


def test_a_truncated_bz2_dump_is_named_with_its_remedy(tmp_path: Path) -> None:
    whole = bz2.compress(MANY.encode())
    said = complaint(saved(tmp_path, whole[: len(whole) // 2], "cut.bz2"))
    assert said.startswith(f"cut.bz2 is cut off: it ends after {len(whole) // 2} bytes, ")
    assert said.endswith("fetch the file again, or unpack it to see how far it goes")


def test_a_truncated_gz_dump_is_named_with_its_remedy(tmp_path: Path) -> None:
    whole = gzip.compress(MANY.encode())
    said = complaint(saved(tmp_path, whole[: len(whole) // 2], "cut.gz"))
    assert said.startswith(f"cut.gz is cut off: it ends after {len(whole) // 2} bytes, ")


def test_the_articles_before_the_cut_come_out(tmp_path: Path) -> None:
    stream = articles(saved(tmp_path, MANY[: len(MANY) // 2]))
    titles: list[str] = []
    with pytest.raises(DumpError, match="is cut off: the XML ends at line "):
        titles.extend(article.title for article in stream)
    stream = articles(saved(tmp_path, MANY[: len(MANY) // 2]))
    assert [next(stream).title for _ in range(100)] == [f"Article {n}" for n in range(100)]


@pytest.mark.parametrize("end", ["<te", "<text>some", "</revision>", "<text><![CDATA[x", "&am"])
def test_truncated_xml_is_said_to_be_cut_off_wherever_it_ends(tmp_path: Path, end: str) -> None:
    cut = f"<mediawiki>{page('A', 'one')}<page><revision>{end}"
    assert complaint(saved(tmp_path, cut, "c.xml")).startswith(("c.xml is cut off", "c.xml is dam"))


def test_a_dump_cut_amid_a_character_is_cut_off(tmp_path: Path) -> None:
    cut = f"<mediawiki>{page('A', 'one')}<page><title>日".encode()[:-1]
    assert " is cut off: it ends after " in complaint(saved(tmp_path, cut))


def test_a_damaged_bz2_dump_is_named(tmp_path: Path) -> None:
    data = bytearray(bz2.compress(MANY.encode()))
    data[len(data) // 2] ^= 0xFF
    said = complaint(saved(tmp_path, bytes(data), "bad.bz2"))
    assert said.startswith("bad.bz2 is damaged near byte ")


def test_a_damaged_gz_dump_is_named(tmp_path: Path) -> None:
    data = bytearray(gzip.compress(MANY.encode()))
    data[len(data) // 2] ^= 0xFF
    assert complaint(saved(tmp_path, bytes(data), "bad.gz")).startswith("bad.gz is damaged ")


def test_a_mistake_in_the_xml_is_damage_at_a_line(tmp_path: Path) -> None:
    wrong = export(page("A", "one"), "<page></title></page>")
    assert " is damaged at line 3, column " in complaint(saved(tmp_path, wrong))


@pytest.mark.parametrize("data", [b"hello, world\n" * 50, b"\x00\x01\x02", b"{}", b"<"])
def test_what_is_not_xml_is_said_not_to_be(tmp_path: Path, data: bytes) -> None:
    assert " is not XML (" in complaint(saved(tmp_path, data))


def test_xml_that_is_no_export_is_told_by_its_first_element(tmp_path: Path) -> None:
    said = complaint(saved(tmp_path, "<html><p/></html>"))
    assert "is XML, but no MediaWiki export: it starts with <html>" in said


def test_an_export_without_a_page_is_refused(tmp_path: Path) -> None:
    assert "has no article among its 0 pages" in complaint(saved(tmp_path, export()))


def test_an_export_of_redirects_alone_is_refused(tmp_path: Path) -> None:
    dump = saved(tmp_path, export(page("R", "#REDIRECT [[A]]")))
    assert "has no article among its 1 pages" in complaint(dump)


@pytest.mark.parametrize("encoding", ["klingon", "hex", "rot13", "undefined", ""])
def test_an_unknown_encoding_is_named(tmp_path: Path, encoding: str) -> None:
    xml = export(page("A", "one")).encode()
    declared = f'<?xml version="1.0" encoding="{encoding}"?>'.encode() + xml
    said = complaint(saved(tmp_path, declared))
    assert f"declares the encoding {encoding!r} in its first line" in said
    assert "convert the file to UTF-8" in said


def test_bytes_that_are_not_in_the_declared_encoding_are_located(tmp_path: Path) -> None:
    xml = export(page("A", "one"), page("B", "é"), encoding="UTF-8").encode("latin-1")
    assert "is not utf-8 near byte 0 of the XML" in complaint(saved(tmp_path, xml))


def test_a_declaration_that_belies_its_own_bytes_is_refused(tmp_path: Path) -> None:
    xml = export(page("A", "one"), encoding="UTF-16").encode()
    assert "declares the encoding 'UTF-16' in its first line, but is not in it" in complaint(
        saved(tmp_path, xml)
    )


@pytest.mark.parametrize(
    ("head", "kind"), [(b"7z\xbc\xaf", "7z"), (b"PK\x03\x04", "zip"), (b"\xfd7zXZ\x00", "xz")]
)
def test_another_archive_is_to_be_unpacked_first(tmp_path: Path, head: bytes, kind: str) -> None:
    said = complaint(saved(tmp_path, head + bytes(100)))
    assert said.endswith(f"is a {kind} archive: unpack it first")


def test_a_billion_laughs_are_not_heard(tmp_path: Path) -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE mediawiki [<!ENTITY l0 "ha">{laughs}]>' + export(page("A", "&l9;"))
    assert "has a document type, which no MediaWiki export has" in complaint(saved(tmp_path, bomb))
