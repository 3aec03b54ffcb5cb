"""Addresses as mail programs, chats and people hand them on. `{link}` is a link's path, `{token}` its secret."""

STRAYS = (
    "{link}.", "{link},", "{link})", "{link}%29", "{link}>", "{link}%3E", "{link}]", '{link}"', "{link}'", "{link}=",
    "{link}%20", "{link}%20%20and%20more", "{link}%E2%80%8B", "{link}%EF%BB%BF", "{link}%C2%A0", "{link}%0D%0A",
    "{link}&amp;x=1", "{link}&utm_source=mail", "{link};", "{link}!", "{link}*", "{link}_", "{link}-", "{link}…",
    "{link}%2520", "{link}).", "{link}/%20", "{link}/)", "{link}.html", "{link}|", "{link}%7C", "{link}%60",
    "/north/x/%20{token}", "/north/x/%3C{token}%3E", "/north/x.y/z/{token}", "/{token}", "/north/{token}",
    "/north/maison-lune{token}", "/north/maison-lune%2F%20{token}", "/North/Maison/{token}.", "/north/x/({token})",
)  # fmt: skip
