name = "{{ project_name | snake_case }}"  # {{ other }}
