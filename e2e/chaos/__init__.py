"""G2: sessions, API and operator are killed at random under load, and no acknowledged update is lost."""
