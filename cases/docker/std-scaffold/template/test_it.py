from it import {{ project_name | pascal_case }}

print({{ project_name | pascal_case }}().greet("{{ greeting }}"))
