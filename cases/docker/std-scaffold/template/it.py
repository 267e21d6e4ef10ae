class {{ project_name | pascal_case }}:
    def greet(self, word):
        return f"{word} from {type(self).__name__}"
