"""The whole text of a letter in every format, and the refusals of files that are not letters."""

from __future__ import annotations

import io
from datetime import date
from email.message import EmailMessage

import pytest
from pypdf import PdfReader, PdfWriter

from calendar_app.letters.formats.letter_text import LetterForm, LetterText
from calendar_app.letters.formats.text import read_text
from calendar_app.words.errors import UnreadableLetterError
from tests import hostile_files as files


def text_of(data: bytes) -> str:
    return read_text(data).text


def refusal(data: bytes) -> str:
    with pytest.raises(UnreadableLetterError) as caught:
        read_text(data)
    return str(caught.value)


# Text and Markdown pass unchanged.


@pytest.mark.parametrize(
    "data",
    [
        "Réunion le 3 mai – « à 14 h »\n".encode(),
        "\ufeffRéunion le 3 mai – « à 14 h »\r\n".encode(),
        "Réunion le 3 mai – « à 14 h »\r".encode("cp1252"),
        "Réunion le 3 mai – « à 14 h »\n".encode("utf-16"),
        b"\xfe\xff" + "Réunion le 3 mai – « à 14 h »\n".encode("utf-16-be"),
        "Réunion le 3 mai – « à 14 h »\n".encode("utf-32"),
    ],
    ids=["utf-8", "utf-8 with a mark", "windows-1252", "utf-16", "utf-16-be", "utf-32"],
)
def test_a_text_is_decoded_and_nothing_else(data):
    assert read_text(data) == LetterText("Réunion le 3 mai – « à 14 h »\n", LetterForm.TEXT, None)


@pytest.mark.parametrize(
    "text",
    [
        "---\ntitle: Gazette\ndate: 2021-10-18\n---\n\nBonjour\n",
        "Bonjour\n\n## Concours\n\n  texte   gardé\n",
        "Voir [le site](https://exemple.fr/a) et ~~17 mars~~ 18 mars.",
        "# Titre\n\n<div align=center><p>Une image</p></div>\n",
    ],
)
def test_markdown_is_told_by_its_marks_and_passes_unchanged(text):
    assert read_text(text.encode()) == LetterText(text, LetterForm.MARKDOWN, None)


@pytest.mark.parametrize(
    "text",
    [
        "Concours n°3 : date: le 3 mai\nSujet: libre\n",
        "Subject: une lettre\nContent-Type: rien\n",
        "Score 3 < 4 > 2, puis #BlueHats et [note]\n",
        "- - -\n--- \nBonjour",
    ],
)
def test_a_text_that_looks_like_something_else_is_a_text(text):
    assert read_text(text.encode()) == LetterText(text, LetterForm.TEXT, None)


# HTML, as in mailed newsletters.

NEWSLETTER = """<!DOCTYPE html><html><head><title>Non</title><style>p {color: red}</style></head>
<body><div style="display:none; max-height:0">Aperçu du 1er mai&zwnj;&nbsp;</div><!-- 2 mai -->
<!--[if mso]><p>Outlook, 3 mai</p><![endif]--><script>"4 mai"</script>
<table role="presentation"><tr><td><table><tr><td>
<h1>Lettre <b>n°&nbsp;3</b></h1>
<p>Bonjour,<br>la <strong>date</strong>
<b>limite</b> est le <s>17 mars</s> <span style="text-decoration: line-through">18 mars</span>
<del>19</del> 20 mars 2021<sup>1</sup> :
<a href="https://exemple.fr/x(1)?a=1&amp;b=2">le <b>site</b>
</a>, <a href="#haut">haut</a>, <a href="https://exemple.fr/">https://exemple.fr/</a>.
<p>Le 1<sup>er</sup> juin&#8239;; cha&shy;cun.
</td></tr></table></td></tr>
<tr><td>5<br>JUIN</td><td><h3>Finale</h3><p>À Lille</p></td></tr>
<tr><td><h2>Colonne A</h2><p>le 6 juin</p></td><td><h2>Colonne B</h2><p>le 7 juin</p></td></tr>
</table>
<ul><li>un<li>deux<ul><li>trois</li></ul><li><p>quatre</p><p>suite</p></ul>
<table><thead><tr><th>Quoi<th>Quand</tr></thead>
<tr><td rowspan=2>Concours</td><td><p>3 mai 2021</p><p>12 classes</p></td></tr>
<tr><td>4 mai</td></tr>
</table>
<a href="https://exemple.fr/i"><img src="i.png" alt="S'inscrire"></a>
<img src="p.gif" alt="Pixel">
<a href="https://exemple.fr/j"><img src="j.png"></a>
<a href="https://exemple.fr/k"><table><tr><td>Bouton</td></tr></table></a></b></div></p>
<div><div style="font-weight:bold">Fin</div></div><pre>a
  b</pre></body></html>"""

NEWSLETTER_TEXT = """# Lettre n°\N{NO-BREAK SPACE}3

Bonjour,
la **date limite** est le ~~17 mars 18 mars 19~~ 20 mars 2021 : \
[le **site**](https://exemple.fr/x%281%29?a=1&b=2) , haut, https://exemple.fr/.

Le 1er juin\N{NARROW NO-BREAK SPACE}; chacun.

| 5 JUIN | Finale À Lille |

## Colonne A

le 6 juin

## Colonne B

le 7 juin

- un
- deux
- trois
- quatre

suite

| Quoi | Quand |
| Concours | 3 mai 2021 ; 12 classes |
| Concours | 4 mai |

[S'inscrire](https://exemple.fr/i)

[Bouton](https://exemple.fr/k)

**Fin**

a
b"""


def test_a_newsletter_in_html():
    letter = read_text(NEWSLETTER.encode())
    assert letter == LetterText(NEWSLETTER_TEXT, LetterForm.HTML, None)


@pytest.mark.parametrize(
    ("page", "text"),
    [
        (b"<meta charset=iso-8859-1><p>\xe9t\xe9</p>", "été"),
        ("<meta charset=iso-8859-1><p>été</p>".encode(), "été"),
        (b"<meta charset=macintosh><p>\x8et\x8e</p>", "été"),
        (b"<meta charset=punycode><p>\xe9t\xe9 \x80</p>", "été €"),
        (b"<p>un</p></td></tr><p>deux</table>", "un\n\ndeux"),
        (b"<td>un</td><td>deux</td><p>trois</p>", "un\n\ndeux\n\ntrois"),
        (b"<p hidden>un<p>deux<div style='mso-hide:all'><p>trois</div>", "deux"),
        (
            b"<!--[if mso]><p>un<![endif]--><p>deux<![if !x]><p>trois<![endif]><![x[",
            "deux\n\ntrois x[",
        ),
        (b"<!--[if !mso]><!--><p>un</p><!--<![endif]--><p>deux <![CDATA[trois]]>", "un\n\ndeux"),
        (b"<table><tr><td>un<td>3 mai<tr><td>deux</table>fin</p>", "| un | 3 mai |\n\ndeux\n\nfin"),
    ],
)
def test_pages_that_are_not_as_they_should_be(page, text):
    assert read_text(page) == LetterText(text, LetterForm.HTML, None)


def test_a_long_column_beside_rows_is_told_once():
    long = "Un mot. " * 50
    page = f"<table><tr><td rowspan=3>{long}</td><td>3 mai</td></tr><tr><td>4 mai</td></tr></table>"
    assert text_of(f"<html>{page}".encode()) == f"| {long.strip()} | 3 mai |\n\n4 mai"


# Word.

DOCX = files.docx(
    """<w:p><w:pPr><w:pStyle w:val="Titre1"/><w:numPr><w:numId w:val="4"/></w:numPr></w:pPr>
      <w:r><w:rPr><w:b/><w:smallCaps/></w:rPr><w:t>Lettre n° 3</w:t></w:r></w:p>
    <w:p><w:pPr><w:pStyle w:val="Sous"/></w:pPr><w:r><w:t>Concours</w:t></w:r></w:p>
    <w:p><w:pPr><w:tabs><w:tab w:val="left"/></w:tabs></w:pPr>
      <w:r><w:t xml:space="preserve">Du </w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>12</w:t></w:r>
      <w:r><w:t xml:space="preserve"> </w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>octobre</w:t></w:r>
      <w:r><w:tab/><w:t>au </w:t></w:r>
      <w:r><w:rPr><w:strike/></w:rPr><w:t>17 mars</w:t></w:r><w:r><w:t> 18 mars</w:t></w:r>
      <w:del><w:r><w:delText>effacé</w:delText></w:r></w:del>
      <w:ins><w:r><w:t xml:space="preserve"> ajouté</w:t></w:r></w:ins>
      <w:moveFrom><w:r><w:t>parti</w:t></w:r></w:moveFrom>
      <w:r><w:rPr><w:vanish/></w:rPr><w:t>caché</w:t></w:r>
      <w:r><w:rPr><w:b w:val="0"/><w:strike w:val="false"/></w:rPr><w:t>.</w:t><w:br/></w:r>
      <w:hyperlink r:id="rId1"><w:r><w:t>le </w:t></w:r><w:r><w:t>site</w:t></w:r></w:hyperlink>
      <w:hyperlink w:anchor="ici"><w:r><w:t> ici</w:t></w:r></w:hyperlink>
      <w:r><w:fldChar w:fldCharType="begin"/></w:r>
      <w:r><w:instrText> HYPERLINK "https://exemple.fr/f" </w:instrText></w:r>
      <w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>champ</w:t></w:r>
      <w:r><w:fldChar w:fldCharType="end"/></w:r><w:r><w:footnoteReference w:id="2"/></w:r></w:p>
    <w:p><w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:txbxContent>
        <w:p><w:r><w:t>Encadré du 5 juin</w:t></w:r></w:p></w:txbxContent></mc:Choice>
      <mc:Fallback><w:txbxContent><w:p><w:r><w:t>Encadré du 5 juin</w:t></w:r></w:p>
        </w:txbxContent></mc:Fallback></mc:AlternateContent></w:r>
      <w:r><w:t>Autour de l’encadré</w:t></w:r></w:p>
    <w:p><w:pPr><w:pStyle w:val="Puces"/></w:pPr><w:r><w:t>un</w:t></w:r></w:p>
    <w:p><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr><w:r><w:t>deux</w:t></w:r></w:p>
    <w:p><w:pPr><w:pStyle w:val="Puces"/><w:numPr><w:numId w:val="0"/></w:numPr></w:pPr>
      <w:r><w:t>trois</w:t></w:r></w:p>
    <w:tbl><w:tr><w:tc><w:tcPr><w:vMerge w:val="restart"/></w:tcPr>
        <w:p><w:r><w:t>3 mai</w:t></w:r></w:p></w:tc>
      <w:tc><w:p><w:r><w:t>Un</w:t></w:r></w:p><w:p><w:r><w:t>encore</w:t></w:r></w:p></w:tc></w:tr>
      <w:tr><w:tc><w:tcPr><w:vMerge/></w:tcPr><w:p/></w:tc>
      <w:tc><w:p><w:r><w:t>Deux</w:t></w:r></w:p></w:tc></w:tr></w:tbl>""",
    styles="""<w:style w:type="paragraph" w:styleId="Titre1"><w:name w:val="heading 1"/></w:style>
    <w:style w:type="paragraph" w:styleId="Sous"><w:name w:val="Maison"/>
      <w:basedOn w:val="Niveau"/></w:style>
    <w:style w:type="paragraph" w:styleId="Niveau"><w:name w:val="Niveau"/>
      <w:pPr><w:outlineLvl w:val="1"/></w:pPr></w:style>
    <w:style w:type="paragraph" w:styleId="Puces"><w:name w:val="List Bullet"/>
      <w:pPr><w:numPr><w:numId w:val="2"/></w:numPr></w:pPr></w:style>""",
    relations='<Relationship Id="rId1" TargetMode="External" Target="https://exemple.fr/a b"/>',
)

DOCX_TEXT = """# Lettre n° 3

## Concours

Du **12 octobre**\tau ~~17 mars~~ 18 mars ajouté.
[le site](https://exemple.fr/a%20b) ici[champ](https://exemple.fr/f)

Autour de l’encadré

Encadré du 5 juin

- un
- deux

trois

| 3 mai | Un encore |
| 3 mai | Deux |"""


def test_a_word_document():
    assert read_text(DOCX) == LetterText(DOCX_TEXT, LetterForm.DOCX, None)


# OpenDocument.

ODT = files.odt(
    """<text:tracked-changes><text:p>effacé le 2 mai</text:p></text:tracked-changes>
    <text:p text:style-name="P1">La lettre</text:p>
    <text:h text:outline-level="2">Concours
      <text:span text:style-name="T1">Robot</text:span></text:h>
    <text:p text:style-name="P2">Reporté<text:note><text:note-body><text:p>note</text:p>
    </text:note-body></text:note></text:p>
    <text:p>Le <text:span text:style-name="T1">3 mai</text:span><text:s/><text:span
      text:style-name="T2">4 mai</text:span>,<text:line-break/><text:a
      xlink:href="https://exemple.fr/">le site</text:a><text:tab/><text:span
      text:style-name="T3">caché</text:span><office:annotation>
      <text:p>remarque</text:p></office:annotation>fin<draw:frame><draw:text-box>
      <text:p>Encadré du 5 juin</text:p></draw:text-box><svg:desc>image</svg:desc>
      </draw:frame>.</text:p>
    <text:list><text:list-item><text:p>un</text:p><text:p>suite</text:p></text:list-item>
      <text:list-item><text:p>deux</text:p><text:list><text:list-item><text:p>trois</text:p>
      </text:list-item></text:list></text:list-item></text:list>
    <table:table><table:table-row>
      <table:table-cell table:number-rows-spanned="2"><text:p>5 mai</text:p></table:table-cell>
      <table:table-cell><text:p>Un</text:p></table:table-cell></table:table-row>
      <table:table-row><table:covered-table-cell/>
      <table:table-cell><text:p>Deux</text:p></table:table-cell></table:table-row></table:table>""",
    automatic="""<style:style style:name="P1" style:parent-style-name="Title"/>
    <style:style style:name="P2"><style:text-properties style:text-line-through-style="solid"/>
    </style:style><style:style style:name="T1" style:parent-style-name="Strong"/>
    <style:style style:name="T2"><style:text-properties style:text-line-through-type="single"/>
    </style:style><style:style style:name="T3"><style:text-properties text:display="none"/>
    </style:style>""",
    common="""<style:style style:name="Strong"><style:text-properties fo:font-weight="bold"/>
    </style:style>""",
)

ODT_TEXT = """# La lettre

## Concours Robot

~~Reporté~~

Le **3 mai** ~~4 mai~~,
[le site](https://exemple.fr/)\tfin.

Encadré du 5 juin

- un

suite

- deux
- trois

| 5 mai | Un |
| 5 mai | Deux |"""


def test_an_opendocument_text():
    assert read_text(ODT) == LetterText(ODT_TEXT, LetterForm.ODT, None)


# PDF.

LEFT = ["Concours Robot", "Inscriptions du 12 octo-", "bre au 30 avril 2021."]
RIGHT = ["Camp num\u00ad", "érique", "Les 17, 18, 19 mai"]
PDF = files.pdf_pages(
    files.column(LEFT) + files.column(RIGHT, left=300),
    files.column(["Deuxième page « été »"]),
    links={0: ["https://exemple.fr/a", "mailto:a@exemple.fr", "https://exemple.fr/a", "page.html"]},
)
PDF_TEXT = """Concours Robot
Inscriptions du 12 octo-
bre au 30 avril 2021.
Camp numérique
Les 17, 18, 19 mai

https://exemple.fr/a
mailto:a@exemple.fr

Deuxième page « été »"""


def encrypted(data: bytes, password: str, algorithm: str) -> bytes:
    writer, file = PdfWriter(clone_from=PdfReader(io.BytesIO(data))), io.BytesIO()
    writer.encrypt(password, "owner", algorithm=algorithm)
    writer.write(file)
    return file.getvalue()


def test_a_pdf_in_two_columns():
    assert read_text(PDF) == LetterText(PDF_TEXT, LetterForm.PDF, None)
    assert text_of(b"sent by a scanner\r\n" + PDF) == PDF_TEXT


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-128", "AES-256"])
def test_a_pdf_that_only_forbids_changes_is_read(algorithm):
    assert text_of(encrypted(PDF, "", algorithm)) == PDF_TEXT
    assert refusal(encrypted(PDF, "secret", algorithm)) == (
        "Ce PDF est protégé par un mot de passe. Enregistrez-en une copie sans mot de passe, puis "
        "redonnez-la."
    )


def test_a_pdf_of_images_says_so():
    scanned = files.pdf_pages(b"q 595 0 0 842 0 0 cm BI /W 1 /H 1 /CS /G /BPC 8 ID a EI Q")
    assert refusal(scanned) == (
        "Ce PDF ne contient que des images (un document numérisé, par exemple) : son texte ne peut "
        "pas être lu. Donnez le fichier d'origine, ou copiez le texte de la lettre."
    )


def test_a_book_is_not_read():
    assert refusal(files.pdf_pages(*[files.column(["a"])] * 301)) == (
        "Ce PDF a plus de 300 pages. Donnez-en seulement les pages de la lettre."
    )


def test_ligatures_are_letters_again_and_nothing_else_changes():
    drawing = b"BT /F1 11 Tf 50 800 Td <0102030405> Tj ET"
    cmap = (
        b"begincmap 1 begincodespacerange <00> <ff> endcodespacerange 5 beginbfchar <01> <FB01>"
        b" <02> <FB03> <03> <00B2> <04> <D83EDDE2> <05> <D800> endbfchar endcmap"
    )
    font = "<</Type /Font /Subtype /TrueType /BaseFont /X /ToUnicode 6 0 R>>"
    page = "<</Type /Page /Parent 2 0 R /Contents 4 0 R /Resources <</Font <</F1 5 0 R>>>>>>"
    objects = ["<</Type /Catalog /Pages 2 0 R>>", "<</Type /Pages /Count 1 /Kids [3 0 R]>>", page]
    data = files.pdf([*objects, files.stream(drawing), font, files.stream(cmap)])
    assert text_of(data) == "fiffi²🧢"


# Mails.

PLAIN = "Le concours est ouvert du 12 octobre 2020 au 30 avril 2021. "
DATE = "Fri, 08 Jan 2021 23:30:00 -0500"


def mail(subject: str = "TR : Fwd: Lettre n° 3", body: str = PLAIN, html: str = "") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Rédaction <a@exemple.fr>"
    message["Date"] = DATE
    message["Subject"] = subject
    if body:
        message.set_content(body, cte="base64")
    if html:
        (message.add_alternative if body else message.set_content)(html, subtype="html")
    return message


def letter_of(message: EmailMessage) -> LetterText:
    return read_text(message.as_bytes())


def test_a_mail_of_plain_text():
    letter = letter_of(mail(body=f"> {PLAIN}\n> > Fin\n"))
    assert letter == LetterText(
        f"# Lettre n° 3\n\n{PLAIN}\nFin", LetterForm.EML, date(2021, 1, 8)
    ), "the day of the zone that the mail was sent from"


@pytest.mark.parametrize(
    ("body", "html", "text"),
    [
        (PLAIN, f"<p><b>{PLAIN}</b></p>", PLAIN.strip()),
        ("Voir https://exemple.fr/" + "a" * 500, f"<p><b>{PLAIN}</b></p>", f"**{PLAIN.strip()}**"),
        ("", f"<p><b>{PLAIN}</b></p>", f"**{PLAIN.strip()}**"),
        (PLAIN, f"<p><s>{PLAIN}</s></p>", f"~~{PLAIN.strip()}~~"),
    ],
    ids=["plain", "stub", "html only", "struck"],
)
def test_the_plain_part_is_read_unless_it_says_less(body, html, text):
    assert letter_of(mail(body=body, html=html)).text == f"# Lettre n° 3\n\n{text}"


def with_letter(body: str, *letters: bytes) -> EmailMessage:
    message = mail(body=body)
    for letter in letters:
        message.add_attachment(
            letter, maintype="application", subtype="octet-stream", filename="lettre.bin"
        )
    return message


def test_a_mail_that_only_carries_a_letter():
    day = date(2021, 1, 8)
    assert letter_of(with_letter("Ci-joint.", PDF)) == LetterText(
        f"# Lettre n° 3\n\n{PDF_TEXT}", LetterForm.PDF, day
    )
    assert letter_of(with_letter("", DOCX)) == LetterText(
        f"# Lettre n° 3\n\n{DOCX_TEXT}", LetterForm.DOCX, day
    )
    said = letter_of(with_letter(PLAIN * 20, PDF))
    assert said.text == f"# Lettre n° 3\n\n{PLAIN * 20}".strip()
    several = letter_of(with_letter("Deux lettres.", PDF, DOCX))
    assert several.text == "# Lettre n° 3\n\nDeux lettres."
    damaged = letter_of(with_letter("Ci-joint.", PDF[:200]))
    assert damaged.text == "# Lettre n° 3\n\nCi-joint."
    assert refusal(with_letter("", PDF[:200]).as_bytes()).startswith("Ce fichier est endommagé")


def test_a_mail_that_forwards_another_one():
    outer = mail("TR : pour info", "À lire.")
    inner = mail("La lettre", PLAIN)
    inner.replace_header("Date", "Mon, 04 Jan 2021 08:00:00 +0100")
    outer.add_attachment(inner)
    assert letter_of(outer) == LetterText(
        f"# pour info\n\nÀ lire.\n\n# La lettre\n\n{PLAIN.strip()}",
        LetterForm.EML,
        date(2021, 1, 4),
    )


HEAD = b"From: a@exemple.fr\r\nMIME-Version: 1.0\r\n"


@pytest.mark.parametrize(
    ("head", "body", "text"),
    [
        (b"Content-Type: text/plain; charset=utf-8", b"\xe9t\xe9", "été"),
        (b"Content-Type: text/plain; charset=iso-8859-1", "été".encode(), "été"),
        (b"Content-Type: text/plain; charset=x-unknown", b"\xe9t\xe9", "été"),
        (b"Content-Type: text/plain; charset=zip", b"\xe9t\xe9", "été"),
        (b"Content-Type: text/plain; charset*=junk'%FF%", b"mot", "mot"),
        (b"Content-Transfer-Encoding: quoted-printable", b"=C3=A9t=C3=A9=\r\n !=ZZ", "été !=ZZ"),
        (b"Content-Transfer-Encoding: unknown", b"mot", "mot"),
        (b"Subject: =?utf-8?q?=C3=A9t=C3=A9?=\r\n =?utf-8?b?w6k=?=", b"mot", "# étéé\n\nmot"),
        (b"Subject: \xe9t\xe9", b"mot", "# été\n\nmot"),
        (b"Subject: =?utf-8?b?abc?= =?zip?q?a?= =?=?=", b"mot", "# i·a =?=?=\n\nmot"),
        (b"Date: Fri, 99 Foo 20211 99:99 +99999999", b"mot", "mot"),
        (b"Date: 1 Jan 3021 00:00:00 +0000", b"mot", "mot"),
        (b"Content-Type: multipart/mixed", b"mot", "mot"),
    ],
)
def test_mails_that_are_not_as_they_should_be(head, body, text):
    letter = read_text(HEAD + head + b"\r\n\r\n" + body)
    assert letter == LetterText(text, LetterForm.EML, None)


def test_a_message_of_an_mbox_is_read_and_several_are_not():
    one = b"From a@exemple.fr Fri Jan  8 10:00:00 2021\n" + mail().as_bytes()
    assert read_text(one) == letter_of(mail())
    assert refusal(one + b"\n\n" + one) == (
        "Ce fichier contient plusieurs courriels. Enregistrez celui de la lettre seul (.eml)."
    )


# Files that are not letters, or that are too long.

SAVE = "Enregistrez la lettre au format PDF ou .docx, puis redonnez-la."


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "Ce fichier est vide."),
        (b"\xef\xbb\xbf \n", "Ce fichier est vide."),
        (b"\xc2\x80", "Ce fichier est vide."),
        ("\u200b\u2060\n".encode(), "Ce fichier est vide."),
        (
            b"a" * (20 * 2**20 + 1),
            "Ce fichier dépasse 20 Mio. Enregistrez la lettre sans ses images, ou en PDF réduit.",
        ),
        (
            b"a" * 2_000_001,
            "Ce fichier contient plus de deux millions de caractères, beaucoup trop pour une "
            "lettre. Donnez-en seulement les pages utiles.",
        ),
        (
            bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 512,
            "Ce fichier est d'un ancien format de Word (.doc) ou d'Outlook (.msg), ou protégé par "
            f"un mot de passe. {SAVE}",
        ),
        (b"{\\rtf1\\ansi le 3 mai}", f"Ce fichier est au format RTF. {SAVE}"),
        (
            b"\x89PNG\r\n\x1a\n",
            "Ce fichier est une image : son texte ne peut pas être lu. "
            "Donnez la lettre au format PDF.",
        ),
        (
            b"\0\0\0\x18ftypheic",
            "Ce fichier est une image : son texte ne peut pas être lu. "
            "Donnez la lettre au format PDF.",
        ),
        (b"\x1f\x8b\x08", f"Ce fichier est une archive. {SAVE}"),
        (b"le 3 mai\0", f"Ce fichier n'est pas une lettre que nous sachions lire. {SAVE}"),
        (b"\x01\x02\x03abc", f"Ce fichier n'est pas une lettre que nous sachions lire. {SAVE}"),
        (
            b"<?xml version='1.0'?><rss></rss>",
            f"Ce fichier n'est pas une lettre que nous sachions lire. {SAVE}",
        ),
        (
            files.zipped({"lettre.pdf": PDF}),
            "Ce fichier est une archive zip. Sortez-en la lettre, puis donnez-la seule.",
        ),
        (
            files.zipped({"xl/workbook.xml": "<a/>"}),
            "Ce fichier est un tableur ou un diaporama, pas un texte. "
            "Enregistrez-le au format PDF, puis redonnez-le.",
        ),
        (
            files.zipped({"Index/Document.iwa": b""}),
            "Ce fichier est au format Pages. Exportez-le au format PDF, puis redonnez-le.",
        ),
        (
            files.docx("<w:p/>"),
            "Ce document ne contient aucun texte, peut-être seulement des images. "
            "Donnez la lettre dans un autre format.",
        ),
        (
            HEAD + b"Content-Type: image/png\r\n\r\n....",
            "Ce courriel ne contient aucun texte, peut-être seulement des images. "
            "Donnez la lettre dans un autre format.",
        ),
    ],
    ids=range(19),
)
def test_what_is_said_of_other_files(data, sentence):
    assert refusal(data) == sentence
