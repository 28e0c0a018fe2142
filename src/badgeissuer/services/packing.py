"""A badge to take to Credly: the image that carries it, the JSON, and how it is done, in one file."""

from __future__ import annotations

import io
import zipfile

# Dates in a file would make each copy another file.
_DATE = (2020, 1, 1, 0, 0, 0)
_HOW = "how-to.txt"
_TEXTS = {
    "en": """{title}
{issuer}

What is in here
  {stem}.png   the badge: an image that carries the signed credential
  {stem}.json  the signed credential itself (Open Badges 3.0)

How to bring it to Credly
  1. Sign in at https://www.credly.com, open your profile, and choose to add or import a badge earned elsewhere.
  2. Choose {stem}.png. If the image is not taken, choose {stem}.json.
  3. The credential holds your e-mail address only as a hash, the one under which the badge was issued. That address
     must be one of those on your Credly account, else Credly shows the badge as "Unverified". Add it to the account
     first.

Other places take the same files: Canvas Credentials, wallets, backpacks. Keep the files as they are: photo apps and
messengers remove the credential from an image.

The badge's own page, where anybody can check it:
  {url}
""",
    "es": """{title}
{issuer}

Qué hay aquí
  {stem}.png   la insignia: una imagen que lleva la credencial firmada
  {stem}.json  la credencial firmada (Open Badges 3.0)

Cómo llevarla a Credly
  1. Inicie sesión en https://www.credly.com, abra su perfil y elija añadir o importar una insignia de otro sitio.
  2. Elija {stem}.png. Si no se acepta la imagen, elija {stem}.json.
  3. La credencial contiene su dirección de correo solo como resumen criptográfico: aquella con la que se emitió la
     insignia. Esa dirección debe ser una de las de su cuenta de Credly; si no, Credly muestra la insignia como
     «Unverified». Añádala antes a la cuenta.

Otros sitios aceptan los mismos archivos: Canvas Credentials, carteras, mochilas. Consérvelos tal como están: las
aplicaciones de fotos y de mensajería quitan la credencial de la imagen.

La página de la insignia, donde cualquiera puede comprobarla:
  {url}
""",
}


def for_credly(*, png: bytes, text: str, stem: str, title: str, issuer: str, url: str, language: str) -> bytes:
    """The files in a zip. The same badge gives the same bytes; PNG and JSON are those of their own addresses."""
    how = _TEXTS.get(language, _TEXTS["en"]).format(title=title, issuer=issuer, stem=stem, url=url)
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as packed:
        for name, content in ((f"{stem}.png", png), (f"{stem}.json", text.encode()), (_HOW, how.encode())):
            about = zipfile.ZipInfo(name, date_time=_DATE)
            about.external_attr = 0o644 << 16
            # The same on every system.
            about.create_system = 3
            about.compress_type = zipfile.ZIP_STORED if name.endswith(".png") else zipfile.ZIP_DEFLATED
            packed.writestr(about, content)
    return written.getvalue()
