module sansock.example/command_client

go 1.19

require sansock.example/go v0.0.0

replace sansock.example/go => ../../../examples/go
