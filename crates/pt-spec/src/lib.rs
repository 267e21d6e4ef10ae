//! The language: types, params, modules, templates; lowers documents and loads projects.
