"""The settings of uploaded files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path  # noqa: TC003 - `rules` evaluates the types
from typing import Annotated

from config import values
from config.rules import Rule
from config.servers import ServerSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaSettings(ServerSettings):
    """Where uploaded files are, and how large they may be."""

    media_folder: Annotated[
        Path,
        Rule(
            "KWIP_MEDIA_FOLDER",
            values.folder,
            lambda known: known["home"] / "media",
            shown="`media/` in `KWIP_HOME`",
            allowed="a folder",
            doc="The folder for uploaded pictures. Back it up with the database.",
        ),
    ]
    media_store_uri: Annotated[
        str | None,
        Rule(
            "KWIP_MEDIA_STORE_URI",
            values.bucket_uri,
            None,
            shown="the folder",
            allowed="a URI such as "
            "s3://key:secret@s3.example.org/bucket?region=eu-central-1, "
            "with key and secret percent-encoded",
            doc="A bucket of an S3-compatible object storage for uploaded files, to "
            "use instead of the folder. `tls=0` in the query connects without TLS. "
            "The bucket must not be readable by everybody.",
        ),
    ]
    media_max_bytes: Annotated[
        int,
        Rule(
            "KWIP_MEDIA_MAX_BYTES",
            values.number(100_000, 33_554_432),
            8_388_608,
            shown="8388608 (8 MiB)",
            allowed="a number from 100000 to 33554432 (32 MiB)",
            doc="The maximum size of an uploaded picture, in bytes. Uploads need space "
            "in the folder for temporary files (`TMPDIR`): at most four pictures, or "
            "100 MB, for each thread of each web process, and 210 MB for each worker.",
        ),
    ]
    media_by_proxy: Annotated[
        bool,
        Rule(
            "KWIP_MEDIA_BY_PROXY",
            values.flag,
            default=False,
            shown="0",
            allowed="1 or 0; 0 with `KWIP_MEDIA_STORE_URI`",
            doc="Whether nginx sends uploaded files, which needs a configuration made "
            "by `kwip config nginx`, and a media folder that nginx can read. Kwip "
            "still decides who gets a file that not everybody may see, and answers "
            "with `X-Accel-Redirect`.",
        ),
    ]
    media_url: Annotated[
        str,
        Rule(
            "KWIP_MEDIA_URL",
            values.folder_address,
            "",
            shown="`/media` of `KWIP_ORIGIN`",
            allowed="an address such as https://cdn.example.org/media",
            doc="Where browsers find the files of public and unlisted kwips, for "
            "example at a CDN that fetches them from `/media` here. Files of other "
            "kwips always come from this site.",
        ),
    ]
    media_descriptions: Annotated[
        str,
        Rule(
            "KWIP_MEDIA_DESCRIPTIONS",
            values.choice("optional", "required"),
            "optional",
            shown="optional",
            allowed="optional or required",
            doc="Whether pictures, video and sound need a description to be posted. "
            "If optional, each user can require it of themselves.",
        ),
    ]
    media_purge_uri: Annotated[
        str | None,
        Rule(
            "KWIP_MEDIA_PURGE_URI",
            values.purge_uri,
            None,
            shown="none",
            allowed="`purge`, or a URL such as https://:token@cdn.example.org/purge",
            doc="How a CDN, or a cache in front of Kwip, learns of deleted files. "
            "`purge` sends the method PURGE to the address of each file. A URL gets "
            'a POST with up to 30 addresses, `{"files": […]}`, and the token in '
            "`Authorization: Bearer`, as Cloudflare expects it.",
        ),
    ]
    widgets_purge_uri: Annotated[
        str | None,
        Rule(
            "KWIP_WIDGETS_PURGE_URI",
            values.purge_uri,
            None,
            shown="none",
            allowed="`purge`, or a URL such as https://:token@cdn.example.org/purge",
            doc="How a CDN in front of widgets learns what to forget when something is "
            "edited, deleted or hidden. `purge` sends the method PURGE to the site's "
            "own address, with the keys in `Surrogate-Key`. A URL gets a POST with up "
            'to 31 keys, `{"tags": […]}`, and the token in `Authorization: Bearer`, as '
            "Cloudflare expects it.",
        ),
    ]
    media_quota_bytes: Annotated[
        int,
        Rule(
            "KWIP_MEDIA_QUOTA_BYTES",
            values.number(1_000_000, 1_000_000_000_000),
            2_000_000_000,
            shown="2000000000 (2 GB)",
            allowed="a number from 1000000 to 1000000000000 (1 TB)",
            doc="How many bytes of pictures, video and sound each user may have in "
            "their kwips.",
        ),
    ]
