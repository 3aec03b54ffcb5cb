"""New devices on a link: once something personal is saved, a browser shows that it is the client's."""
